// y = x·Wᵗ + b, as torch.nn.functional.linear, also followed by an activation.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/ops/activation.hpp>

namespace minibert::functional {

/// y = x·Wᵗ. x: (…, in), weight: (out, in); y: (…, out).
/// @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight);

/// y = x·Wᵗ + b. x: (…, in), weight: (out, in), bias: (out); y: (…, out).
/// @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias);

/// y = activation(x·Wᵗ + b), shapes as in linear. GELU is fused into the product, and its argument kept for the
/// backward step. @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> linear_activation(Variable<T> x, Variable<T> weight, Variable<T> bias, Activation kind);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/linear.ipp>
#endif
