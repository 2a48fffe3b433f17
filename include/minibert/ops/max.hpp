// The maximum of all elements or over one dimension, as torch.max.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns the maximum of all elements, a scalar. Returns NaN if an element is NaN. If several elements equal the
/// maximum, they share the gradient evenly, as in PyTorch.
/// @throws ShapeError if there are no elements
template <class T>
Variable<T> max(Variable<T> x);

/// Returns the maxima over one dimension. A maximum is NaN if one of its elements is NaN. A negative `dim` counts from
/// the end. The dimension is removed or, with keepdim, gets size 1. If several elements equal a maximum, the first one
/// gets the gradient, as in PyTorch's max(x, dim).
/// @throws ShapeError if there is no such dimension, or if it has size 0
template <class T>
Variable<T> max(Variable<T> x, int dim, bool keepdim = false);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/max.ipp>
#endif
