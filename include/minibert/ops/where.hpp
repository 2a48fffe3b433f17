// Chooses each element from one of two variables, as torch.where.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/tensor.hpp>

namespace minibert::functional {

/// Computes y = condition ? a : b, elementwise. The three arguments broadcast to a common shape. Copies the condition.
/// Each element's gradient goes only to the variable that the element was taken from. A NaN in the other variable does
/// not affect the gradient.
/// @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> where(const Tensor<bool>& condition, Variable<T> a, Variable<T> b);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/where.ipp>
#endif
