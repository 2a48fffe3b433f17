// Layer normalization over the last dimension.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/nn/scope.hpp>

namespace minibert::nn {

/// Normalizes over the last dimension, as torch.nn.LayerNorm. weight and bias: (D), initialized to 1 and 0, without
/// weight decay.
template <class T>
class LayerNorm {
 public:
  LayerNorm(const Scope<T>& scope, index_t size, double eps);

  /// Returns the normalized x. x: (…, D)
  Variable<T> forward(Variable<T> x) const;

  /// Computes forward(x + residual) in one pass.
  Variable<T> forward(Variable<T> x, Variable<T> residual) const;

  Parameter<T>* weight;
  Parameter<T>* bias;

 private:
  T eps_;
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/layer_norm.ipp>
#endif
