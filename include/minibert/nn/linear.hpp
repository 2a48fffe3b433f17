// Linear layer.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/ops/activation.hpp>

namespace minibert::nn {

struct LinearOptions {
  bool bias = true;
};

/// Computes y = x·weightᵗ + bias, as torch.nn.Linear. weight: (out, in), bias: (out). Both are initialized uniformly in
/// [−1/√in, 1/√in).
template <class T>
class Linear {
 public:
  Linear(const Scope<T>& scope, index_t in_features, index_t out_features, LinearOptions options = {});

  /// Returns y. x: (…, in); y: (…, out)
  Variable<T> forward(Variable<T> x) const;

  /// Computes activation(forward(x)). If the activation is GELU and the layer has a bias, one pass computes both
  /// product and activation.
  Variable<T> forward(Variable<T> x, Activation activation) const;

  Parameter<T>* weight;
  Parameter<T>* bias;  ///< null if the layer has no bias

 private:
  static double bound(index_t in_features);
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/linear.ipp>
#endif
