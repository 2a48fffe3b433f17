// Linear layer.
#pragma once

#include <minibert/nn/scope.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert::nn {

/// y = x·weightᵗ + bias. weight: (out, in), bias: (out).
template <class T>
class Linear {
 public:
  Linear(const Scope<T>& scope, index_t in_features, index_t out_features)
      : weight(scope.declare({.name = "weight", .shape = {out_features, in_features}, .init = Init::normal})),
        bias(scope.declare({.name = "bias", .shape = {out_features}, .decay = false})) {}

  /// x: (…, in); y: (…, out)
  Variable<T> forward(Variable<T> x) const {
    return functional::linear(x, x.tape().parameter(*weight), x.tape().parameter(*bias));
  }

  /// activation(forward(x)) in one pass.
  template <class Activation>
  Variable<T> forward_activation(Variable<T> x) const {
    return functional::linear_activation<Activation>(x, x.tape().parameter(*weight), x.tape().parameter(*bias));
  }

  Parameter<T>* weight;
  Parameter<T>* bias;
};

}  // namespace minibert::nn
