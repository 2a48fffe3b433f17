// Layer normalization over the last dimension.
#pragma once

#include <minibert/nn/scope.hpp>
#include <minibert/ops/layer_norm.hpp>

namespace minibert::nn {

/// Normalizes over the last dimension, as torch.nn.LayerNorm. weight and bias: (D), initialized to 1 and 0, without
/// weight decay.
template <class T>
class LayerNorm {
 public:
  LayerNorm(const Scope<T>& scope, index_t size, double eps)
      : weight(scope.declare({.name = "weight", .shape = {size}, .init = Init::ones(), .decay = false})),
        bias(scope.declare({.name = "bias", .shape = {size}, .decay = false})),
        eps_(static_cast<T>(eps)) {}

  /// x: (…, D)
  Variable<T> forward(Variable<T> x) const {
    return functional::layer_norm(x, x.tape().parameter(*weight), x.tape().parameter(*bias), eps_);
  }

  /// Computes forward(x + residual) in one pass.
  Variable<T> forward(Variable<T> x, Variable<T> residual) const {
    return functional::add_layer_norm(x, residual, x.tape().parameter(*weight), x.tape().parameter(*bias), eps_);
  }

  Parameter<T>* weight;
  Parameter<T>* bias;

 private:
  T eps_;
};

}  // namespace minibert::nn
