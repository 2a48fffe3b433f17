// Selects rows by index, as torch.index_select(x, 0, rows). The MLM head uses this op to compute only the masked
// positions.
#pragma once

#include <span>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Computes y[i] = x[rows[i]]. x: (N, D); y: (rows.size(), D). A row may be selected more than once. Copies `rows`.
/// @throws ShapeError unless x has two dimensions; ValueError for an index outside x
template <class T>
Variable<T> index_select(Variable<T> x, std::span<const index_t> rows);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/index_select.ipp>
#endif
