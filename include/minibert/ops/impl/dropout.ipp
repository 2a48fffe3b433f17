// Definitions of ops/dropout.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/dropout.hpp>
#include <minibert/ops/detail/check_sequences.hpp>
#include <minibert/ops/dropout.hpp>

namespace minibert::functional {

template <class T>
Variable<T> dropout(Variable<T> x, double p, random::Key key, const Sequences& sequences) {
  core::check<ValueError>(p >= 0 && p < 1, "dropout: the probability is ", p, ", expected at least 0 and less than 1");
  const auto mask = kernels::DropoutMask::of(p, key);
  if (!mask) return x;
  core::check<ShapeError>(x.dim() >= 1, "dropout: input of shape ", x.shape(), ", expected (…, features)");
  const index_t d = x.size(-1), n = d == 0 ? 0 : x.numel() / d;
  detail::check_sequences("dropout", sequences, n);
  detail::check_dropout_rows("dropout", sequences);
  Op<T> op("dropout", x.tape());
  const Input<T> in = op.input(x);
  kernels::dropout(Sink<T>{op.output(x.shape())}, in.data(), mask, sequences, n, d);
  return op.record([=](const T* dy, Gradients<T>& g) { kernels::dropout(g.slot(in), dy, mask, sequences, n, d); });
}

template <class T>
Variable<T> dropout(Variable<T> x, double p, random::Key key) {
  core::check<ShapeError>(x.dim() >= 1, "dropout: input of shape ", x.shape(), ", expected (…, features)");
  const index_t n = x.shape().rows();
  index_t* numbers = x.tape().template scratch<index_t>(n + 1);
  for (index_t i = 0; i <= n; ++i) numbers[i] = i;
  return dropout(x, p, key, Sequences{.cu_seqlens = numbers, .global_rows = numbers, .count = n, .max_seqlen = 1});
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                       \
  template Variable<T> dropout(Variable<T> x, double p, random::Key key, const Sequences& sequences); \
  template Variable<T> dropout(Variable<T> x, double p, random::Key key);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
