// What clipping the gradient's norm needs: the sum of squares in double, and scaling.
#pragma once

#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

struct SumOfSquares {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(double* sum, const T* x, index_t n) {
    using Wide = typename Arch::template vec<double>;
    using Narrow = simd::Vec<T, Wide::lanes>;  // as many elements as fit when widened
    constexpr index_t lanes = Wide::lanes;
    Wide total = Wide::broadcast(0);
    index_t i = 0;
    for (; i + lanes <= n; i += lanes) {
      const Wide wide = {__builtin_convertvector(Narrow::load(x + i).v, typename Wide::Raw)};
      total = simd::fma(wide, wide, total);
    }
    double rest = 0;
    for (; i < n; ++i) rest += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    *sum = simd::sum(total) + rest;
  }
};

struct Scale {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* x, T factor, index_t n) {
    using V = typename Arch::template vec<T>;
    constexpr index_t lanes = V::lanes;
    index_t i = 0;
    for (; i + lanes <= n; i += lanes) (V::load(x + i) * V::broadcast(factor)).store(x + i);
    for (; i < n; ++i) x[i] *= factor;
  }
};

}  // namespace detail

/// *sum = Σ x², added up in double. Serial: the caller cuts the work.
template <class T>
void sum_of_squares(double* sum, const T* x, index_t n) noexcept {
  simd::dispatch<detail::SumOfSquares>(sum, x, n);
}

/// x ← factor·x. Serial: the caller cuts the work.
template <class T>
void scale(T* x, T factor, index_t n) noexcept {
  simd::dispatch<detail::Scale>(x, factor, n);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
