// add, sub, mul, div with NumPy's broadcasting, and the operators + − * / on variables.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// y = a + b. @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> add(Variable<T> a, Variable<T> b);

/// y = a − b. @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> sub(Variable<T> a, Variable<T> b);

/// y = a·b, elementwise. @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> mul(Variable<T> a, Variable<T> b);

/// y = a / b, elementwise. @throws ShapeError if the shapes do not broadcast
template <class T>
Variable<T> div(Variable<T> a, Variable<T> b);

}  // namespace minibert::functional

namespace minibert {

template <class T>
Variable<T> operator+(Variable<T> a, Variable<T> b) {
  return functional::add(a, b);
}

template <class T>
Variable<T> operator-(Variable<T> a, Variable<T> b) {
  return functional::sub(a, b);
}

template <class T>
Variable<T> operator*(Variable<T> a, Variable<T> b) {
  return functional::mul(a, b);
}

template <class T>
Variable<T> operator/(Variable<T> a, Variable<T> b) {
  return functional::div(a, b);
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/arithmetic.ipp>
#endif
