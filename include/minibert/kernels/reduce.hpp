// Sums with a fixed order.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

struct SumRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, bool add, const T* x, index_t stride, index_t n, index_t begin,
                                         index_t end) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(end - begin, [&](index_t i, auto part) __attribute__((always_inline)) {
      V total{};
      for (index_t row = 0; row < n; ++row) total = total + part.template load<V>(x + row * stride + begin + i);
      simd::store_or_add(total, y + begin + i, add, part);
    });
  }
};

}  // namespace detail

/// y[j] = Σ x[i·stride + j] over the n rows i, for d columns j: each column top to bottom.
template <class T>
void sum_rows(Sink<T> y, const T* x, index_t stride, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(d, 64, [=](index_t begin, index_t end) {
    simd::dispatch<detail::SumRows>(y.data, y.accumulate, x, stride, n, begin, end);
  });
}

/// Σ x, in double, from the first to the last.
template <class T>
double sum(const T* x, index_t n) noexcept {
  double total = 0;
  for (index_t i = 0; i < n; ++i) total += static_cast<double>(x[i]);
  return total;
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
