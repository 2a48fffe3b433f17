// Definitions of ops/max.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/detail/dimension.hpp>
#include <minibert/ops/max.hpp>

namespace minibert::functional {

namespace detail {

/// Returns the index i of the first maximum, or of the first NaN, among the elements x[i·stride] for 0 ≤ i < n. n > 0.
template <class T>
index_t first_max(const T* x, index_t n, index_t stride) noexcept {
  index_t best = 0;
  for (index_t i = 0; i < n && !std::isnan(x[best * stride]); ++i)
    if (x[i * stride] > x[best * stride] || std::isnan(x[i * stride])) best = i;
  return best;
}

}  // namespace detail

template <class T>
Variable<T> max(Variable<T> x) {
  core::check<ShapeError>(x.numel() > 0, "max: found no elements in shape ", x.shape(), ", expected at least one");
  Op<T> op("max", x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  const index_t n = in.numel();
  const T largest = px[detail::first_max(px, n, 1)];
  *op.output(Shape{}) = largest;
  return op.record([=](const T* dy, Gradients<T>& g) {
    const auto is_largest = [=](index_t i) { return px[i] == largest || (std::isnan(px[i]) && std::isnan(largest)); };
    index_t count = 0;
    for (index_t i = 0; i < n; ++i) count += is_largest(i) ? 1 : 0;
    const T share = *dy / static_cast<T>(count);
    kernels::generate(g.slot(in), n, [=](index_t i) { return is_largest(i) ? share : T{0}; });
  });
}

template <class T>
Variable<T> max(Variable<T> x, int dim, bool keepdim) {
  const int d = x.shape().index_of(dim, "max");
  const detail::Dimension along = detail::Dimension::of(x.shape(), d);
  core::check<ShapeError>(along.size > 0, "max: found no elements in dimension ", dim, " of shape ", x.shape(),
                          ", expected at least one");
  Shape kept = x.shape();
  kept.size(d) = 1;
  Op<T> op("max", x.tape());
  const Input<T> in = op.input(x);
  const T* px = in.data();
  T* y = op.output(keepdim ? kept : x.shape().without(d));
  const index_t n = kept.numel();
  index_t* places = op.is_recorded() ? op.tape().template scratch<index_t>(n) : nullptr;  // offsets of the maxima in x
  kernels::generate(Sink<T>{y}, n, [=](index_t i) {
    const index_t start = i / along.inner * along.size * along.inner + i % along.inner;
    const index_t place = start + detail::first_max(px + start, along.size, along.inner) * along.inner;
    if (places != nullptr) places[i] = place;
    return px[place];
  });
  return op.record([=](const T* dy, Gradients<T>& g) {
    const Sink<T> dx = g.slot(in);
    if (!dx) return;
    if (!dx.accumulate) std::fill_n(dx.data, in.numel(), T{0});
    for (index_t i = 0; i < n; ++i) dx.data[places[i]] += dy[i];
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)            \
  template Variable<T> max(Variable<T> x); \
  template Variable<T> max(Variable<T> x, int dim, bool keepdim);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
