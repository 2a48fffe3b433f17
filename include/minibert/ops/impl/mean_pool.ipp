// Definitions of ops/mean_pool.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/mean_pool.hpp>
#include <minibert/ops/detail/check_sequences.hpp>
#include <minibert/ops/mean_pool.hpp>

namespace minibert::functional {

template <class T>
Variable<T> mean_pool(Variable<T> x, const Sequences& sequences) {
  core::check<ShapeError>(x.dim() == 2, "mean_pool: input of shape ", x.shape(), ", expected (rows, features)");
  detail::check_sequences("mean_pool", sequences, x.size(0));
  const index_t d = x.size(1);
  Op<T> op("mean_pool", x.tape());
  const Input<T> in = op.input(x);
  kernels::mean_pool_forward(op.output(Shape{sequences.count, d}), in.data(), sequences, d);
  return op.record([=](const T* dy, Gradients<T>& g) { kernels::mean_pool_backward(g.slot(in), dy, sequences, d); });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> mean_pool(Variable<T> x, const Sequences& sequences);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
