// Activations by name, for layers whose configuration chooses one.
#pragma once

#include <minibert/ops/gelu.hpp>
#include <minibert/ops/unary.hpp>

namespace minibert {

/// Hugging Face's hidden_act.
enum class Activation {
  gelu,       ///< "gelu"
  gelu_tanh,  ///< "gelu_new", "gelu_pytorch_tanh"
  relu,       ///< "relu"
  silu,       ///< "silu", "swish"
  tanh,       ///< "tanh"
};

}  // namespace minibert

namespace minibert::functional {

/// y = activation(x), elementwise.
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
  core::raise<ValueError>("activation: ", static_cast<int>(kind), " is no member of Activation");
}

}  // namespace minibert::functional
