// Definitions of ops/binary_cross_entropy_with_logits.hpp.
#pragma once

#include <cmath>

#include <minibert/autograd/op.hpp>
#include <minibert/ops/binary_cross_entropy_with_logits.hpp>
#include <minibert/ops/detail/broadcast.hpp>

namespace minibert::functional {

template <class T>
Variable<T> binary_cross_entropy_with_logits(Variable<T> logits, Variable<T> targets) {
  core::check<ShapeError>(
      logits.shape() == targets.shape() && logits.numel() > 0, "binary_cross_entropy_with_logits: logits of shape ",
      logits.shape(), " and targets of shape ", targets.shape(), ", expected equal shapes with at least one element");
  Op<T> op("binary_cross_entropy_with_logits", logits.tape());
  const Input<T> in = op.input(logits), wanted = op.input(targets);
  const T *px = in.data(), *pt = wanted.data();
  const index_t n = in.numel();
  const T scale = T{1} / static_cast<T>(n);
  detail::generate_reduced(op.tape(), Sink<T>{op.output(Shape{})}, 1, kernels::BroadcastMap{}, n, [=](index_t i) {
    const T x = px[i];
    return ((x < 0 ? T{0} : x) - x * pt[i] + std::log1p(std::exp(-std::abs(x)))) * scale;
  });
  return op.record([=](const T* dloss, Gradients<T>& g) {
    const T factor = *dloss * scale;
    // Writes one gradient before it calls slot() for the other: if both inputs are the same variable, the second
    // gradient is added to the first.
    kernels::generate(g.slot(in), n, [=](index_t i) { return factor * (T{1} / (T{1} + std::exp(-px[i])) - pt[i]); });
    kernels::generate(g.slot(wanted), n, [=](index_t i) { return -factor * px[i]; });
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) \
  template Variable<T> binary_cross_entropy_with_logits(Variable<T> logits, Variable<T> targets);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
