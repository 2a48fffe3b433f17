// Definitions of ops/where.hpp.
#pragma once

#include <span>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/detail/broadcast.hpp>
#include <minibert/ops/where.hpp>

namespace minibert::functional {

template <class T>
Variable<T> where(const Tensor<bool>& condition, Variable<T> a, Variable<T> b) {
  const Shape shape =
      detail::broadcast_shape("where", condition.shape(), detail::broadcast_shape("where", a.shape(), b.shape()));
  const auto map_c = detail::broadcast_map(condition.shape(), shape);
  const auto map_a = detail::broadcast_map(a.shape(), shape), map_b = detail::broadcast_map(b.shape(), shape);
  Op<T> op("where", a.tape());
  const Input<T> in_a = op.input(a), in_b = op.input(b);
  const bool* chosen = op.tape().keep(std::span(condition.data(), core::usize(condition.numel())));
  const T *pa = in_a.data(), *pb = in_b.data();
  const index_t n = shape.numel();
  kernels::generate(Sink<T>{op.output(shape)}, n,
                    [=](index_t i) { return chosen[map_c(i)] ? pa[map_a(i)] : pb[map_b(i)]; });
  return op.record([=](const T* dy, Gradients<T>& g) {
    // Writes the gradient of a before it calls slot(in_b): if a and b are the same variable, the second gradient is
    // added to the first.
    detail::generate_reduced(g.tape(), g.slot(in_a), in_a.numel(), map_a, n,
                             [=](index_t i) { return chosen[map_c(i)] ? dy[i] : T{0}; });
    detail::generate_reduced(g.tape(), g.slot(in_b), in_b.numel(), map_b, n,
                             [=](index_t i) { return chosen[map_c(i)] ? T{0} : dy[i]; });
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template Variable<T> where(const Tensor<bool>& condition, Variable<T> a, Variable<T> b);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
