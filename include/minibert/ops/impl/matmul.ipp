// Definitions of ops/matmul.hpp.
#pragma once

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/op.hpp>
#include <minibert/kernels/gemm.hpp>
#include <minibert/ops/matmul.hpp>

namespace minibert::functional {

template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b) {
  const int dim = a.dim();
  core::check<ShapeError>(
      (dim == 2 || dim == 3) && b.dim() == dim && a.size(-1) == b.size(-2) && (dim == 2 || a.size(0) == b.size(0)),
      "matmul: shapes ", a.shape(), " and ", b.shape(), ", expected (M, K) and (K, N), or (B, M, K) and (B, K, N)");
  const index_t batch = dim == 3 ? a.size(0) : 1, m = a.size(-2), k = a.size(-1), n = b.size(-1);
  Op<T> op("matmul", a.tape());
  const Input<T> in_a = op.input(a), in_b = op.input(b);
  T* y = op.output(dim == 3 ? Shape{batch, m, n} : Shape{m, n});
  const auto product = [batch, precision = autocast::precision()](Tape<T>& on, Sink<T> c, index_t rows, index_t columns,
                                                                  index_t depth, kernels::Matrix<T> left,
                                                                  kernels::Matrix<T> right) {
    if (!c) return;
    T* workspace = on.workspace(kernels::gemm_workspace<T>(columns, depth));
    for (index_t i = 0; i < batch; ++i, left.data += rows * depth, right.data += depth * columns)
      kernels::gemm(rows, columns, depth, left, right,
                    kernels::Epilogue<T>{c.data + i * rows * columns, columns, c.accumulate}, workspace, precision);
  };
  const kernels::Matrix<T> ma{in_a.data(), k}, mb{in_b.data(), n};
  product(op.tape(), Sink<T>{y}, m, n, k, ma, mb);
  return op.record([=](const T* dy, Gradients<T>& g) {
    const kernels::Matrix<T> up{dy, n};
    product(g.tape(), g.slot(in_a), m, k, n, up, mb.transposed());
    product(g.tape(), g.slot(in_b), k, n, m, ma.transposed(), up);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> matmul(Variable<T> a, Variable<T> b);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
