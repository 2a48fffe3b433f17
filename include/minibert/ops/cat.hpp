// Concatenates variables along a dimension, as torch.cat.
#pragma once

#include <initializer_list>
#include <vector>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Concatenates variables along dimension `dim`. A negative `dim` counts from the end. All other dimensions must agree:
/// cat({(N, A), (N, B)}, 1) has shape (N, A + B).
/// @throws ShapeError if there are no variables, if the shapes do not fit, or if there is no such dimension
template <class T>
Variable<T> cat(std::initializer_list<Variable<T>> parts, int dim = 0);

template <class T>
Variable<T> cat(const std::vector<Variable<T>>& parts, int dim = 0);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/cat.ipp>
#endif
