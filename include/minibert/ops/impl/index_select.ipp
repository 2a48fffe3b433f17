// Definitions of ops/index_select.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/embedding.hpp>
#include <minibert/ops/index_select.hpp>

namespace minibert::functional {

template <class T>
Variable<T> index_select(Variable<T> x, std::span<const index_t> rows) {
  core::check<ShapeError>(x.dim() == 2, "index_select: input of shape ", x.shape(), ", expected (rows, features)");
  const index_t n = core::length(rows), d = x.size(1), total = x.size(0);
  for (const index_t row : rows)
    core::check<ValueError>(row >= 0 && row < total, "index_select: row ", row, ", expected 0 to ", total - 1,
                            " for input of shape ", x.shape());
  Op<T> op("index_select", x.tape());
  const Input<T> in = op.input(x);
  const index_t* kept = op.tape().keep(rows);
  kernels::gather_rows(Sink<T>{op.output(Shape{n, d})}, in.data(), kept, n, d);
  return op.record(
      [=](const T* dy, Gradients<T>& g) { kernels::scatter_rows(g.slot(in), dy, kept, index_t{-1}, n, total, d); });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> index_select(Variable<T> x, std::span<const index_t> rows);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
