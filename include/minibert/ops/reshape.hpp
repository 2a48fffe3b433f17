// The same elements in another shape or order: reshape and transpose.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns the same elements, in the same order, with another shape.
/// @throws ShapeError if the shape has another number of elements
template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape);

/// Swaps two dimensions; negative numbers count from the end. @throws ShapeError if there is no such dimension
template <class T>
Variable<T> transpose(Variable<T> x, int dim0, int dim1);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/reshape.ipp>
#endif
