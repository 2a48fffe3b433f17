// Definitions of ops/gelu.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/gelu.hpp>
#include <minibert/ops/gelu.hpp>

namespace minibert::functional {

namespace detail {

/// Computes y = Kernel::forward(x), elementwise. `name` is the name of the op.
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

template <class T>
Variable<T> gelu(Variable<T> x) {
  return detail::gelu<kernels::GeluExact>("gelu", x);
}

template <class T>
Variable<T> gelu_tanh(Variable<T> x) {
  return detail::gelu<kernels::GeluTanh>("gelu_tanh", x);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)             \
  template Variable<T> gelu(Variable<T> x); \
  template Variable<T> gelu_tanh(Variable<T> x);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
