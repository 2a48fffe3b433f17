// Cross-entropy against class labels, as torch.nn.functional.cross_entropy.
#pragma once

#include <optional>
#include <span>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// The label of a row that is ignored, as in PyTorch.
inline constexpr token_id kIgnoreIndex = -100;

/// Returns Σ −log softmax(logits[i])[labels[i]] / num_items over the rows whose label is not ignore_index, a scalar.
/// logits: (N, C), labels: N. num_items defaults to the number of these rows; gradient accumulation passes the number
/// in the whole batch. With no items the loss is 0 and has no gradient; PyTorch's is NaN. The labels are copied.
/// @throws ShapeError if there is not one label for each row; ValueError for a label outside the classes, or for a
/// negative num_items
template <class T>
Variable<T> cross_entropy(Variable<T> logits, std::span<const token_id> labels,
                          std::optional<index_t> num_items = std::nullopt, token_id ignore_index = kIgnoreIndex);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/cross_entropy.ipp>
#endif
