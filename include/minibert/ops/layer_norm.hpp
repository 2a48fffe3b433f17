// Layer normalization over the last dimension, as torch.nn.functional.layer_norm. add_layer_norm normalizes a sum of
// two variables in one pass.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Computes y = (x − mean) / √(var + eps) · weight + bias, with mean and variance over the last dimension (Ba et al.,
/// 2016). x, y: (…, D), weight, bias: (D). @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, T eps);

/// Computes y = layer_norm(x + residual). x, residual, y: (…, D), weight, bias: (D).
/// @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> add_layer_norm(Variable<T> x, Variable<T> residual, Variable<T> weight, Variable<T> bias, T eps);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/layer_norm.ipp>
#endif
