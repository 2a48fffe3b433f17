// The mean of each sequence's rows: sentence embeddings.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/mean_pool.hpp>
#include <minibert/ops/detail/check_sequences.hpp>

namespace minibert::functional {

/// y[b] = mean of x[t] over the rows t of sequence b; zero for an empty one. x: (N, D); y: (B, D).
/// The arrays of `sequences` must live until the backward pass. @throws ShapeError
template <class T>
Variable<T> mean_pool(Variable<T> x, const Sequences& sequences) {
  core::check<ShapeError>(x.dim() == 2, "mean_pool: input of shape ", x.shape(), ", expected (rows, features)");
  detail::check_sequences("mean_pool", sequences, x.size(0));
  const index_t d = x.size(1);
  auto& tape = x.tape();
  auto y = tape.empty("mean_pool", Shape{sequences.count, d}, {x});
  kernels::mean_pool_forward(y.data(), x.data(), sequences, d);
  tape.record(y, [=](const T* dy, Gradients<T>& g) { kernels::mean_pool_backward(g.slot(x), dy, sequences, d); });
  return y;
}

}  // namespace minibert::functional
