// Definitions of ops/sum.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/detail/broadcast.hpp>
#include <minibert/ops/sum.hpp>

namespace minibert::functional {

namespace detail {

/// Returns scale·Σ x. `kept` is the shape of x, but with size 1 in the dimensions to sum over. The result has the shape
/// `shape`, which must have as many elements as `kept`.
template <class T>
Variable<T> reduce(const char* name, Variable<T> x, const Shape& kept, const Shape& shape, T scale) {
  const auto map = broadcast_map(kept, x.shape());
  Op<T> op(name, x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  const index_t n = in.numel();
  generate_reduced(op.tape(), Sink<T>{op.output(shape)}, shape.numel(), map, n,
                   [=](index_t i) { return px[i] * scale; });
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(in), n, [=](index_t i) { return dy[map(i)] * scale; });
  });
}

template <class T>
Variable<T> reduce_all(const char* name, Variable<T> x, T scale) {
  Shape ones = x.shape();
  for (int d = 0; d < ones.dim(); ++d) ones.size(d) = 1;
  return reduce(name, x, ones, Shape{}, scale);
}

template <class T>
Variable<T> reduce_one(const char* name, Variable<T> x, int dim, bool keepdim, T scale) {
  const int d = x.shape().index_of(dim, name);
  Shape kept = x.shape();
  kept.size(d) = 1;
  return reduce(name, x, kept, keepdim ? kept : x.shape().without(d), scale);
}

}  // namespace detail

template <class T>
Variable<T> sum(Variable<T> x) {
  return detail::reduce_all("sum", x, T{1});
}

template <class T>
Variable<T> sum(Variable<T> x, int dim, bool keepdim) {
  return detail::reduce_one("sum", x, dim, keepdim, T{1});
}

template <class T>
Variable<T> mean(Variable<T> x) {
  core::check<ShapeError>(x.numel() > 0, "mean: found no elements in shape ", x.shape(), ", expected at least one");
  return detail::reduce_all("mean", x, T{1} / static_cast<T>(x.numel()));
}

template <class T>
Variable<T> mean(Variable<T> x, int dim, bool keepdim) {
  const index_t n = x.size(x.shape().index_of(dim, "mean"));
  core::check<ShapeError>(n > 0, "mean: found no elements in dimension ", dim, " of shape ", x.shape(),
                          ", expected at least one");
  return detail::reduce_one("mean", x, dim, keepdim, T{1} / static_cast<T>(n));
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                   \
  template Variable<T> sum(Variable<T> x);                        \
  template Variable<T> sum(Variable<T> x, int dim, bool keepdim); \
  template Variable<T> mean(Variable<T> x);                       \
  template Variable<T> mean(Variable<T> x, int dim, bool keepdim);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
