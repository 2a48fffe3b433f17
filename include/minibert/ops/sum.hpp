// sum and mean, over everything or over one dimension.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/detail/check_dimension.hpp>

namespace minibert::functional {

namespace detail {

/// scale·Σ x over the dimensions whose size is 1 in `kept`; the result has shape `shape`, with as many elements.
template <class T>
Variable<T> reduce(const char* op, Variable<T> x, const Shape& kept, const Shape& shape, T scale) {
  auto& tape = x.tape();
  auto y = tape.empty(op, shape, {x});
  const auto map = broadcast_map(kept, x.shape());
  const T* px = x.data();
  const index_t n = x.numel();
  generate_reduced(tape, Sink<T>{y.data()}, y.numel(), map, n, [=](index_t i) { return px[i] * scale; });
  tape.record(y, [=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(x), n, [=](index_t i) { return dy[map(i)] * scale; });
  });
  return y;
}

template <class T>
Variable<T> reduce_all(const char* op, Variable<T> x, T scale) {
  Shape ones = x.shape();
  for (int d = 0; d < ones.dim(); ++d) ones.size(d) = 1;
  return reduce(op, x, ones, Shape{}, scale);
}

template <class T>
Variable<T> reduce_one(const char* op, Variable<T> x, int dim, bool keepdim, T scale) {
  const int d = check_dimension(op, x.shape(), dim);
  Shape kept = x.shape();
  kept.size(d) = 1;
  return reduce(op, x, kept, keepdim ? kept : x.shape().without(d), scale);
}

}  // namespace detail

/// The sum of all elements, a scalar.
template <class T>
Variable<T> sum(Variable<T> x) {
  return detail::reduce_all("sum", x, T{1});
}

/// The sum over one dimension (negative: from the end), which goes or, with keepdim, stays with size 1.
/// @throws ShapeError if there is no such dimension
template <class T>
Variable<T> sum(Variable<T> x, int dim, bool keepdim = false) {
  return detail::reduce_one("sum", x, dim, keepdim, T{1});
}

/// The mean of all elements, a scalar. @throws ShapeError if there are none
template <class T>
Variable<T> mean(Variable<T> x) {
  core::check<ShapeError>(x.numel() > 0, "mean: of no elements, shape ", x.shape());
  return detail::reduce_all("mean", x, T{1} / static_cast<T>(x.numel()));
}

/// The mean over one dimension (negative: from the end), which goes or, with keepdim, stays with size 1.
/// @throws ShapeError if there is no such dimension, or nothing in it
template <class T>
Variable<T> mean(Variable<T> x, int dim, bool keepdim = false) {
  const index_t n = x.size(detail::check_dimension("mean", x.shape(), dim));
  core::check<ShapeError>(n > 0, "mean: of no elements, dimension ", dim, " of shape ", x.shape());
  return detail::reduce_one("mean", x, dim, keepdim, T{1} / static_cast<T>(n));
}

}  // namespace minibert::functional
