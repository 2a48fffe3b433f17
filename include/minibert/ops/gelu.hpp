// GELU, as torch.nn.functional.gelu.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/gelu.hpp>

namespace minibert::functional {

namespace detail {

/// y = Kernel::forward(x), elementwise.
template <class Kernel, class T>
Variable<T> gelu(const char* name, Variable<T> x) {
  Op<T> op(name, x.tape());
  const Input<T> in = op.input(x);
  kernels::activation_forward<Kernel>(op.output(x.shape()), in.data(), in.numel());
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::activation_backward<Kernel>(g.slot(in), dy, in.data(), in.numel());
  });
}

}  // namespace detail

/// y = x·Φ(x), Φ the cumulative distribution function of the standard normal, as PyTorch's gelu(x).
template <class T>
Variable<T> gelu(Variable<T> x) {
  return detail::gelu<kernels::GeluExact>("gelu", x);
}

/// y = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), as PyTorch's gelu(x, approximate="tanh") and Hugging Face's
/// "gelu_new".
template <class T>
Variable<T> gelu_tanh(Variable<T> x) {
  return detail::gelu<kernels::GeluTanh>("gelu_tanh", x);
}

}  // namespace minibert::functional
