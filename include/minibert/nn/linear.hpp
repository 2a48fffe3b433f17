// Linear layer.
#pragma once

#include <cmath>

#include <minibert/nn/scope.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert::nn {

struct LinearOptions {
  bool bias = true;
};

/// y = x·weightᵗ + bias, as torch.nn.Linear. weight: (out, in), bias: (out); both initialized uniformly in ±1/√in.
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

  /// Computes activation(forward(x)), in one pass if the layer has a bias.
  Variable<T> forward(Variable<T> x, Activation activation) const {
    if (bias == nullptr) return functional::activation(forward(x), activation);
    return functional::linear_activation(x, x.tape().parameter(*weight), x.tape().parameter(*bias), activation);
  }

  Parameter<T>* weight;
  Parameter<T>* bias;  ///< null if the layer has no bias

 private:
  static double bound(index_t in_features) { return 1 / std::sqrt(static_cast<double>(in_features)); }
};

}  // namespace minibert::nn
