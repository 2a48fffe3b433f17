// Cross-entropy against class labels, as torch.nn.functional.cross_entropy.
#pragma once

#include <optional>
#include <span>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// The default label of rows that the loss ignores, as in PyTorch.
inline constexpr token_id kIgnoreIndex = -100;

/// Returns Σ −log softmax(logits[i])[labels[i]] / num_items, a scalar. Sums over the rows i whose label is not
/// ignore_index. logits: (N, C) for N rows and C classes, labels: N. num_items defaults to the number of rows that are
/// not ignored. For gradient accumulation, pass the number of such rows in the batch of the whole optimizer step. If
/// num_items is 0, the loss is 0 and has no gradient; PyTorch's loss is NaN. Copies the labels.
/// @throws ShapeError unless there is one label for each row; ValueError for a label outside the classes, or for a
/// negative num_items
template <class T>
Variable<T> cross_entropy(Variable<T> logits, std::span<const token_id> labels,
                          std::optional<index_t> num_items = std::nullopt, token_id ignore_index = kIgnoreIndex);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/cross_entropy.ipp>
#endif
