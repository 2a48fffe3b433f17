// Chooses each element from one of two variables, as torch.where.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::functional {

/// y = condition ? a : b, elementwise. The three broadcast to a common shape; the condition is copied. The gradient of
/// an element goes to the variable that it was taken from: a NaN in the other one does no harm.
/// @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> where(const Tensor<bool>& condition, Variable<T> a, Variable<T> b);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/where.ipp>
#endif
