// Definitions of ops/activation.hpp.
#pragma once

#include <minibert/ops/activation.hpp>
#include <minibert/ops/gelu.hpp>
#include <minibert/ops/unary.hpp>

namespace minibert::functional {

template <class T>
Variable<T> activation(Variable<T> x, Activation kind) {
  switch (kind) {
    case Activation::gelu:
      return gelu(x);
    case Activation::gelu_tanh:
      return gelu_tanh(x);
    case Activation::relu:
      return relu(x);
    case Activation::silu:
      return silu(x);
    case Activation::tanh:
      return tanh(x);
  }
  core::raise<ValueError>("activation: found ", static_cast<int>(kind),
                          ", expected Activation::gelu, gelu_tanh, relu, silu or tanh");
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> activation(Variable<T> x, Activation kind);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
