// Selects a range of a dimension, as x[:, begin:end] or torch.narrow in PyTorch.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns a copy of the elements with the indices begin, …, end − 1 in dimension `dim`. Negative `dim`, `begin` and
/// `end` count from the end. For x of shape (N, D), slice(x, 1, 2, 5) has shape (N, 3).
/// @throws ShapeError if there is no such dimension; ValueError unless 0 ≤ begin ≤ end ≤ size, after negative values
/// are converted
template <class T>
Variable<T> slice(Variable<T> x, int dim, index_t begin, index_t end);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/slice.ipp>
#endif
