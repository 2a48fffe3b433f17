// The same elements in another shape or order: reshape and transpose.
#pragma once

#include <utility>

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/arithmetic.hpp>
#include <minibert/ops/detail/check_dimension.hpp>

namespace minibert::functional {

/// The same elements, in order, with another shape. @throws ShapeError if their number differs
template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape) {
  core::check<ShapeError>(shape.numel() == x.numel(), "reshape: ", x.shape(), " has ", x.numel(), " elements, ", shape,
                          " has ", shape.numel());
  auto& tape = x.tape();
  auto y = tape.empty("reshape", shape, {x});
  const T* px = x.data();
  const index_t n = x.numel();
  kernels::generate(Sink<T>{y.data()}, n, [=](index_t i) { return px[i]; });
  tape.record(y,
              [=](const T* dy, Gradients<T>& g) { kernels::generate(g.slot(x), n, [=](index_t i) { return dy[i]; }); });
  return y;
}

/// Exchanges two dimensions; negative ones count from the end. @throws ShapeError if there is no such dimension
template <class T>
Variable<T> transpose(Variable<T> x, int dim0, int dim1) {
  const int d0 = detail::check_dimension("transpose", x.shape(), dim0);
  const int d1 = detail::check_dimension("transpose", x.shape(), dim1);
  Shape shape = x.shape();
  std::swap(shape.size(d0), shape.size(d1));
  auto map = detail::broadcast_map(x.shape(), x.shape());  // of x itself; then the two dimensions change places
  std::swap(map.strides[d0], map.strides[d1]);
  std::swap(map.sizes[d0], map.sizes[d1]);
  auto& tape = x.tape();
  auto y = tape.empty("transpose", shape, {x});
  const T* px = x.data();
  const index_t n = x.numel();
  kernels::generate(Sink<T>{y.data()}, n, [=](index_t i) { return px[map(i)]; });
  tape.record(y, [=](const T* dy, Gradients<T>& g) {
    detail::generate_reduced(g.tape(), g.slot(x), n, map, n, [=](index_t i) { return dy[i]; });
  });
  return y;
}

}  // namespace minibert::functional
