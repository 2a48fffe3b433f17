// Dropout, on in training only.
#pragma once

#include <cstdint>

#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/ops/dropout.hpp>

namespace minibert::nn {

/// Its mask is a function of the context's key, of this place in the model, and of where an element stands.
template <class T>
class Dropout {
 public:
  Dropout(const Scope<T>& scope, double probability) : p(probability), site(random::site(scope.name())) {}

  /// x: (N, D)
  Variable<T> forward(Variable<T> x, const Context<T>& context) const {
    return context.training ? functional::dropout(x, p, context.key.fold(site), context.sequences) : x;
  }

  double p;
  std::uint64_t site;
};

}  // namespace minibert::nn
