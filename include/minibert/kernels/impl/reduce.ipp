// Definitions of kernels/reduce.hpp.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/reduce.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/unroll.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

struct SumRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, bool add, const T* x, index_t stride, index_t n, index_t begin,
                                         index_t end) {
    using V = typename Arch::template vec<T>;
    columns<V, Arch::registers / 4>(y, add, x, stride, n, begin, end);
  }

  /// Sums K vectors of columns at a time, so that each row is read in long runs. Then sums the remaining columns with a
  /// smaller K.
  template <class V, int K, class T>
  [[gnu::always_inline]] static void columns(T* y, bool add, const T* x, index_t stride, index_t n, index_t begin,
                                             index_t end) {
    for (; begin + K * V::lanes <= end; begin += K * V::lanes) {
      V totals[core::usize(K)] = {};
      for (index_t row = 0; row < n; ++row)
        simd::unroll<K>([&](auto k) __attribute__((always_inline)) {
          totals[k] = totals[k] + V::load(x + row * stride + begin + k * V::lanes);
        });
      simd::unroll<K>([&](auto k) __attribute__((always_inline)) {
        simd::store_or_add(totals[k], y + begin + k * V::lanes, add, simd::FullVector{});
      });
    }
    if constexpr (K > 1) {
      columns<V, K / 2>(y, add, x, stride, n, begin, end);
    } else if (begin < end) {
      const simd::PartVector part{end - begin};
      V total{};
      for (index_t row = 0; row < n; ++row) total = total + part.template load<V>(x + row * stride + begin);
      simd::store_or_add(total, y + begin, add, part);
    }
  }
};

}  // namespace detail

template <class T>
void sum_rows(Sink<T> y, const T* x, index_t stride, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(d, equal_grain(d, 16), [=](index_t begin, index_t end) {
    simd::dispatch<detail::SumRows>(y.data, y.accumulate, x, stride, n, begin, end);
  });
}

template <class T>
double sum(const T* x, index_t n) noexcept {
  double total = 0;
  for (index_t i = 0; i < n; ++i) total += static_cast<double>(x[i]);
  return total;
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                 \
  template void sum_rows(Sink<T> y, const T* x, index_t stride, index_t n, index_t d) noexcept; \
  template double sum(const T* x, index_t n) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
