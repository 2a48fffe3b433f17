// Activations by name, for layers whose configuration chooses one.
#pragma once

#include <minibert/ops/gelu.hpp>

namespace minibert {

/// Hugging Face's hidden_act.
enum class Activation {
  gelu,       ///< "gelu"
  gelu_tanh,  ///< "gelu_new", "gelu_pytorch_tanh"
};

}  // namespace minibert

namespace minibert::functional {

/// y = activation(x), elementwise.
template <class T>
Variable<T> activation(Variable<T> x, Activation kind) {
  return kind == Activation::gelu_tanh ? gelu_tanh(x) : gelu(x);
}

}  // namespace minibert::functional
