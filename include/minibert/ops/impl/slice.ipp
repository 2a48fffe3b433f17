// Definitions of ops/slice.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/detail/dimension.hpp>
#include <minibert/ops/slice.hpp>

namespace minibert::functional {

template <class T>
Variable<T> slice(Variable<T> x, int dim, index_t begin, index_t end) {
  const int d = x.shape().index_of(dim, "slice");
  const detail::Dimension whole = detail::Dimension::of(x.shape(), d);
  const index_t first = begin < 0 ? begin + whole.size : begin, last = end < 0 ? end + whole.size : end;
  core::check<ValueError>(0 <= first && first <= last && last <= whole.size, "slice: found begin ", first, " and end ",
                          last, ", counted from the front, expected 0 <= begin <= end <= ", whole.size,
                          " for dimension ", dim, " of shape ", x.shape());
  Shape shape = x.shape();
  shape.size(d) = last - first;
  const index_t row = whole.size * whole.inner, width = (last - first) * whole.inner, offset = first * whole.inner;
  Op<T> op("slice", x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  kernels::generate(Sink<T>{op.output(shape)}, shape.numel(),
                    [=](index_t i) { return px[i / width * row + offset + i % width]; });
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(in), in.numel(), [=](index_t i) {
      const index_t place = i % row - offset;
      return place >= 0 && place < width ? dy[i / row * width + place] : T{0};
    });
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> slice(Variable<T> x, int dim, index_t begin, index_t end);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
