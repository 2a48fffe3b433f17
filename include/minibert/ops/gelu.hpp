// GELU, as torch.nn.functional.gelu.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/gelu.hpp>

namespace minibert::functional {

/// y = activation(x), elementwise; Activation is kernels::GeluExact or kernels::GeluTanh.
template <class Activation, class T>
Variable<T> activation(Variable<T> x) {
  auto& tape = x.tape();
  auto y = tape.empty("gelu", x.shape(), {x});
  kernels::activation_forward<Activation>(y.data(), x.data(), x.numel());
  tape.record(y, [=](const T* dy, Gradients<T>& g) {
    kernels::activation_backward<Activation>(g.slot(x), dy, x.data(), x.numel());
  });
  return y;
}

/// x·Φ(x), as PyTorch's gelu(x).
template <class T>
Variable<T> gelu(Variable<T> x) {
  return activation<kernels::GeluExact>(x);
}

/// The tanh approximation, as PyTorch's gelu(x, approximate="tanh") and Hugging Face's "gelu_new".
template <class T>
Variable<T> gelu_tanh(Variable<T> x) {
  return activation<kernels::GeluTanh>(x);
}

}  // namespace minibert::functional
