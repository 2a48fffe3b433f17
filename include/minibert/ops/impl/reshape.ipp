// Definitions of ops/reshape.hpp.
#pragma once

#include <utility>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/detail/broadcast.hpp>
#include <minibert/ops/reshape.hpp>

namespace minibert::functional {

template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape) {
  core::check<ShapeError>(shape.numel() == x.numel(), "reshape: ", x.shape(), " has ", x.numel(), " elements, ", shape,
                          " has ", shape.numel(), ", expected the same number");
  Op<T> op("reshape", x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  const index_t n = in.numel();
  kernels::generate(Sink<T>{op.output(shape)}, n, [=](index_t i) { return px[i]; });
  return op.record(
      [=](const T* dy, Gradients<T>& g) { kernels::generate(g.slot(in), n, [=](index_t i) { return dy[i]; }); });
}

template <class T>
Variable<T> transpose(Variable<T> x, int dim0, int dim1) {
  const int d0 = x.shape().index_of(dim0, "transpose"), d1 = x.shape().index_of(dim1, "transpose");
  Shape shape = x.shape();
  std::swap(shape.size(d0), shape.size(d1));
  auto map = detail::broadcast_map(x.shape(), x.shape());  // the identity; the next lines swap the two dimensions
  std::swap(map.strides[d0], map.strides[d1]);
  std::swap(map.sizes[d0], map.sizes[d1]);
  Op<T> op("transpose", x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  const index_t n = in.numel();
  kernels::generate(Sink<T>{op.output(shape)}, n, [=](index_t i) { return px[map(i)]; });
  return op.record([=](const T* dy, Gradients<T>& g) {
    detail::generate_reduced(g.tape(), g.slot(in), n, map, n, [=](index_t i) { return dy[i]; });
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                    \
  template Variable<T> reshape(Variable<T> x, const Shape& shape); \
  template Variable<T> transpose(Variable<T> x, int dim0, int dim1);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
