// Linear layer.
#pragma once

#include <cmath>

#include <minibert/nn/scope.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert::nn {

struct LinearOptions {
  bool bias = true;
};

/// torch.nn.Linear: y = x·weightᵗ + bias. weight: (out, in), bias: (out); both begin uniform in ±1/√in.
template <class T>
class Linear {
 public:
  Linear(const Scope<T>& scope, index_t in_features, index_t out_features, LinearOptions options = {})
      : weight(scope.declare(
            {.name = "weight", .shape = {out_features, in_features}, .init = Init::uniform(bound(in_features))})),
        bias(options.bias ? scope.declare({.name = "bias",
                                           .shape = {out_features},
                                           .init = Init::uniform(bound(in_features)),
                                           .decay = false})
                          : nullptr) {}

  /// x: (…, in); y: (…, out)
  Variable<T> forward(Variable<T> x) const {
    Tape<T>& tape = x.tape();
    if (bias == nullptr) return functional::linear(x, tape.parameter(*weight));
    return functional::linear(x, tape.parameter(*weight), tape.parameter(*bias));
  }

  /// activation(forward(x)), in one pass where the layer has a bias.
  Variable<T> forward(Variable<T> x, Activation activation) const {
    if (bias == nullptr) return functional::activation(forward(x), activation);
    return functional::linear_activation(x, x.tape().parameter(*weight), x.tape().parameter(*bias), activation);
  }

  Parameter<T>* weight;
  Parameter<T>* bias;  ///< null without a bias

 private:
  static double bound(index_t in_features) { return 1 / std::sqrt(static_cast<double>(in_features)); }
};

}  // namespace minibert::nn
