// Selects rows by number, as torch.index_select(x, 0, rows). The MLM head computes only the masked positions this way.
#pragma once

#include <span>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/embedding.hpp>

namespace minibert::functional {

/// y[i] = x[rows[i]]. x: (N, D); y: (rows.size(), D). A row may be selected more than once. The row numbers are copied.
/// @throws ShapeError unless x has two dimensions; ValueError for a row outside x
template <class T>
Variable<T> index_select(Variable<T> x, std::span<const index_t> rows) {
  core::check<ShapeError>(x.dim() == 2, "index_select: input of shape ", x.shape(), ", expected (rows, features)");
  const index_t n = core::length(rows), d = x.size(1), total = x.size(0);
  for (const index_t row : rows)
    core::check<ValueError>(row >= 0 && row < total, "index_select: row ", row, " of an input of shape ", x.shape());
  Op<T> op("index_select", x.tape());
  const Input<T> in = op.input(x);
  const index_t* kept = op.tape().keep(rows);
  kernels::gather_rows(Sink<T>{op.output(Shape{n, d})}, in.data(), kept, n, d);
  return op.record(
      [=](const T* dy, Gradients<T>& g) { kernels::scatter_rows(g.slot(in), dy, kept, index_t{-1}, n, total, d); });
}

}  // namespace minibert::functional
