// Definitions of ops/arithmetic.hpp.
#pragma once

#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/detail/broadcast.hpp>

namespace minibert::functional {

template <class T>
Variable<T> add(Variable<T> a, Variable<T> b) {
  return detail::binary(
      "add", a, b, [](T u, T v) { return u + v; }, [](T, T) { return T{1}; }, [](T, T) { return T{1}; });
}

template <class T>
Variable<T> sub(Variable<T> a, Variable<T> b) {
  return detail::binary(
      "sub", a, b, [](T u, T v) { return u - v; }, [](T, T) { return T{1}; }, [](T, T) { return T{-1}; });
}

template <class T>
Variable<T> mul(Variable<T> a, Variable<T> b) {
  return detail::binary(
      "mul", a, b, [](T u, T v) { return u * v; }, [](T, T v) { return v; }, [](T u, T) { return u; });
}

template <class T>
Variable<T> div(Variable<T> a, Variable<T> b) {
  return detail::binary(
      "div", a, b, [](T u, T v) { return u / v; }, [](T, T v) { return T{1} / v; },
      [](T u, T v) { return -u / (v * v); });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                           \
  template Variable<T> add(Variable<T> a, Variable<T> b); \
  template Variable<T> sub(Variable<T> a, Variable<T> b); \
  template Variable<T> mul(Variable<T> a, Variable<T> b); \
  template Variable<T> div(Variable<T> a, Variable<T> b);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
