// Cross-entropy of binary labels, as torch.nn.functional.binary_cross_entropy_with_logits.
#pragma once

#include <cmath>

#include <minibert/autograd/op.hpp>
#include <minibert/ops/arithmetic.hpp>

namespace minibert::functional {

/// Returns the mean of −t·log σ(x) − (1 − t)·log(1 − σ(x)) over all elements, a scalar. x: the logits, t: the targets,
/// from 0 to 1, of the same shape. Computed as max(x, 0) − x·t + log(1 + e^−|x|), which does not overflow. Both
/// arguments get gradients; make fixed targets with Tape::constant().
/// @throws ShapeError if the shapes differ, or have no elements
template <class T>
Variable<T> binary_cross_entropy_with_logits(Variable<T> logits, Variable<T> targets) {
  core::check<ShapeError>(logits.shape() == targets.shape() && logits.numel() > 0,
                          "binary_cross_entropy_with_logits: logits of shape ", logits.shape(),
                          " and targets of shape ", targets.shape(), ", expected the same, not empty");
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
    // One slot after the other: both may be the same variable.
    kernels::generate(g.slot(in), n, [=](index_t i) { return factor * (T{1} / (T{1} + std::exp(-px[i])) - pt[i]); });
    kernels::generate(g.slot(wanted), n, [=](index_t i) { return -factor * px[i]; });
  });
}

}  // namespace minibert::functional
