// Definitions of nn/linear.hpp.
#pragma once

#include <cmath>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/linear.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert::nn {

template <class T>
double Linear<T>::bound(index_t in_features) {
  return 1 / std::sqrt(static_cast<double>(in_features));
}

template <class T>
Linear<T>::Linear(const Scope<T>& scope, index_t in_features, index_t out_features, LinearOptions options)
    : weight(scope.declare(
          {.name = "weight", .shape = {out_features, in_features}, .init = Init::uniform(bound(in_features))})),
      bias(options.bias ? scope.declare({.name = "bias",
                                         .shape = {out_features},
                                         .init = Init::uniform(bound(in_features)),
                                         .decay = false})
                        : nullptr) {}

template <class T>
Variable<T> Linear<T>::forward(Variable<T> x) const {
  Tape<T>& tape = x.tape();
  if (bias == nullptr) return functional::linear(x, tape.parameter(*weight));
  return functional::linear(x, tape.parameter(*weight), tape.parameter(*bias));
}

template <class T>
Variable<T> Linear<T>::forward(Variable<T> x, Activation activation) const {
  if (bias == nullptr) return functional::activation(forward(x), activation);
  return functional::linear_activation(x, x.tape().parameter(*weight), x.tape().parameter(*bias), activation);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Linear<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
