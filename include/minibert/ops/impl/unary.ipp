// Definitions of ops/unary.hpp.
#pragma once

#include <cmath>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/unary.hpp>

namespace minibert::functional {

namespace detail {

/// Computes y = f(x), elementwise. df(x, y) returns dy/dx. f and df are stateless lambdas. `name` is the name of the
/// op.
template <class T, class F, class Df>
Variable<T> unary(const char* name, Variable<T> x, F f, Df df) {
  Op<T> op(name, x.tape());
  const Input<T> in = op.input(x);
  T* y = op.output(x.shape());
  const T *px = in.data(), *py = y;
  const index_t n = in.numel();
  kernels::generate(Sink<T>{y}, n, [=](index_t i) { return f(px[i]); });
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(in), n, [=](index_t i) { return dy[i] * df(px[i], py[i]); });
  });
}

}  // namespace detail

template <class T>
Variable<T> exp(Variable<T> x) {
  return detail::unary(
      "exp", x, [](T v) { return std::exp(v); }, [](T, T y) { return y; });
}

template <class T>
Variable<T> log(Variable<T> x) {
  return detail::unary(
      "log", x, [](T v) { return std::log(v); }, [](T v, T) { return T{1} / v; });
}

template <class T>
Variable<T> sqrt(Variable<T> x) {
  return detail::unary(
      "sqrt", x, [](T v) { return std::sqrt(v); }, [](T, T y) { return static_cast<T>(0.5) / y; });
}

template <class T>
Variable<T> tanh(Variable<T> x) {
  return detail::unary(
      "tanh", x, [](T v) { return std::tanh(v); }, [](T, T y) { return T{1} - y * y; });
}

template <class T>
Variable<T> sigmoid(Variable<T> x) {
  return detail::unary(
      "sigmoid", x, [](T v) { return T{1} / (T{1} + std::exp(-v)); }, [](T, T y) { return y * (T{1} - y); });
}

template <class T>
Variable<T> relu(Variable<T> x) {
  return detail::unary(
      "relu", x, [](T v) { return v < 0 ? T{0} : v; },  // NaN stays NaN
      [](T v, T) { return v <= 0 ? T{0} : T{1}; });
}

template <class T>
Variable<T> silu(Variable<T> x) {
  return detail::unary(
      "silu", x, [](T v) { return v / (T{1} + std::exp(-v)); },
      [](T v, T) {
        const T sigma = T{1} / (T{1} + std::exp(-v));
        return sigma * (T{1} + v * (T{1} - sigma));
      });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                \
  template Variable<T> exp(Variable<T> x);     \
  template Variable<T> log(Variable<T> x);     \
  template Variable<T> sqrt(Variable<T> x);    \
  template Variable<T> tanh(Variable<T> x);    \
  template Variable<T> sigmoid(Variable<T> x); \
  template Variable<T> relu(Variable<T> x);    \
  template Variable<T> silu(Variable<T> x);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
