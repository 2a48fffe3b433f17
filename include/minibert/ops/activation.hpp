// Activations by name, for layers whose configuration chooses one.
#pragma once

#include <minibert/autograd/variable.hpp>

namespace minibert {

/// The activations, with their names as values of Hugging Face's hidden_act.
enum class Activation {
  gelu,       ///< "gelu"
  gelu_tanh,  ///< "gelu_new", "gelu_pytorch_tanh"
  relu,       ///< "relu"
  silu,       ///< "silu", "swish"
  tanh,       ///< "tanh"
};

}  // namespace minibert

namespace minibert::functional {

/// Computes y = activation(x), elementwise.
template <class T>
Variable<T> activation(Variable<T> x, Activation kind);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/activation.ipp>
#endif
