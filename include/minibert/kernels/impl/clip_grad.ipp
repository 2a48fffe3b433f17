// Definitions of kernels/clip_grad.hpp.
#pragma once

#include <minibert/kernels/clip_grad.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/unroll.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

struct SumOfSquares {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(double* sum, const T* x, index_t n) {
    using Wide = typename Arch::template vec<double>;
    using Narrow = simd::Vec<T, Wide::lanes>;  // as many elements as Wide holds doubles
    constexpr int kSums = 4;                   // in a single sum, each addition would wait for the one before
    Wide totals[kSums] = {};
    const auto add = [&](Wide & total, index_t i, auto part) __attribute__((always_inline)) {
      const Wide wide = {__builtin_convertvector(part.template load<Narrow>(x + i).v, typename Wide::Raw)};
      total = simd::fma(wide, wide, total);
    };
    index_t i = 0;
    for (; i + kSums * Narrow::lanes <= n; i += kSums * Narrow::lanes)
      simd::unroll<kSums>([&](auto k) __attribute__((always_inline)) {
        add(totals[k], i + k * Narrow::lanes, simd::FullVector{});
      });
    simd::for_vectors<Narrow>(
        n - i, [&](index_t j, auto part) __attribute__((always_inline)) { add(totals[0], i + j, part); });
    *sum = simd::sum((totals[0] + totals[1]) + (totals[2] + totals[3]));
  }
};

struct Scale {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* x, T factor, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          part.store(part.template load<V>(x + i) * V::broadcast(factor), x + i);
        });
  }
};

}  // namespace detail

template <class T>
void sum_of_squares(double* sum, const T* x, index_t n) noexcept {
  simd::dispatch<detail::SumOfSquares>(sum, x, n);
}

template <class T>
void scale(T* x, T factor, index_t n) noexcept {
  simd::dispatch<detail::Scale>(x, factor, n);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                              \
  template void sum_of_squares(double* sum, const T* x, index_t n) noexcept; \
  template void scale(T* x, T factor, index_t n) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
