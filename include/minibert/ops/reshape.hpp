// Rearranges the elements of a variable: reshape and transpose.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns a copy of the elements, in the same order, with another shape.
/// @throws ShapeError if the numbers of elements differ
template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape);

/// Returns a copy with two dimensions swapped. Negative dimensions count from the end.
/// @throws ShapeError if there is no such dimension
template <class T>
Variable<T> transpose(Variable<T> x, int dim0, int dim1);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/reshape.ipp>
#endif
