// Computes y = x·Wᵗ + b, as torch.nn.functional.linear, optionally followed by an activation.
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

/// Computes y = activation(x·Wᵗ + b). The shapes are those of linear(). GELU is computed in the same pass as the
/// product, and the argument of GELU is kept for the backward step. Other activations are separate ops.
/// @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> linear_activation(Variable<T> x, Variable<T> weight, Variable<T> bias, Activation kind);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/linear.ipp>
#endif
