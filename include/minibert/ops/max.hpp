// The maximum of all elements or over one dimension, as torch.max.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns the maximum of all elements, a scalar; NaN if an element is NaN. Equal maxima share the gradient evenly, as
/// in PyTorch.
/// @throws ShapeError if there are no elements
template <class T>
Variable<T> max(Variable<T> x);

/// Returns the maxima over one dimension (negative: counted from the end), NaN where an element is NaN. The dimension
/// is removed or, with keepdim, gets size 1. The gradient goes to the first of equal maxima, as in PyTorch's max(x,
/// dim).
/// @throws ShapeError if there is no such dimension, or if it has size 0
template <class T>
Variable<T> max(Variable<T> x, int dim, bool keepdim = false);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/max.ipp>
#endif
