// sum and mean, of all elements or over one dimension.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns the sum of all elements, a scalar.
template <class T>
Variable<T> sum(Variable<T> x);

/// Returns the sum over one dimension (negative: counted from the end). The dimension is removed or, with keepdim, gets
/// size 1.
/// @throws ShapeError if there is no such dimension
template <class T>
Variable<T> sum(Variable<T> x, int dim, bool keepdim = false);

/// Returns the mean of all elements, a scalar. @throws ShapeError if there are no elements
template <class T>
Variable<T> mean(Variable<T> x);

/// Returns the mean over one dimension (negative: counted from the end). The dimension is removed or, with keepdim,
/// gets size 1.
/// @throws ShapeError if there is no such dimension, or if it has size 0
template <class T>
Variable<T> mean(Variable<T> x, int dim, bool keepdim = false);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/sum.ipp>
#endif
