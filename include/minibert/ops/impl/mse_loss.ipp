// Definitions of ops/mse_loss.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/ops/detail/broadcast.hpp>
#include <minibert/ops/mse_loss.hpp>

namespace minibert::functional {

template <class T>
Variable<T> mse_loss(Variable<T> input, Variable<T> target) {
  core::check<ShapeError>(input.shape() == target.shape() && input.numel() > 0, "mse_loss: input of shape ",
                          input.shape(), " and target of shape ", target.shape(),
                          ", expected equal shapes with at least one element");
  Op<T> op("mse_loss", input.tape());
  const Input<T> in = op.input(input), wanted = op.input(target);
  const T *px = in.data(), *pt = wanted.data();
  const index_t n = in.numel();
  const T scale = T{1} / static_cast<T>(n);
  detail::generate_reduced(op.tape(), Sink<T>{op.output(Shape{})}, 1, kernels::BroadcastMap{}, n,
                           [=](index_t i) { return (px[i] - pt[i]) * (px[i] - pt[i]) * scale; });
  return op.record([=](const T* dloss, Gradients<T>& g) {
    const T factor = 2 * *dloss * scale;
    // Writes one gradient before it calls slot() for the other: if both inputs are the same variable, the second
    // gradient is added to the first.
    kernels::generate(g.slot(in), n, [=](index_t i) { return factor * (px[i] - pt[i]); });
    kernels::generate(g.slot(wanted), n, [=](index_t i) { return factor * (pt[i] - px[i]); });
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> mse_loss(Variable<T> input, Variable<T> target);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
