// Definitions of kernels/adamw.hpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <minibert/kernels/adamw.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/math.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Returns √x for x ≥ 0. Float: estimates 1/√x by halving the exponent, and improves the estimate by three Newton
/// steps. A fourth step improves the root itself. The relative error is < 1.2e-7 for normal x; the root of 0 is exact.
template <class T, int N>
[[gnu::always_inline]] inline simd::Vec<T, N> sqrt(const simd::Vec<T, N>& x) {
  using V = simd::Vec<T, N>;
  if constexpr (std::is_same_v<T, double>) {
    return simd::per_lane(x, [](double a) { return std::sqrt(a); });
  } else {
    using I = simd::Vec<std::int32_t, N>;
    const V half = V::broadcast(0.5f), half_x = half * x;
    V r = simd::bit_cast<float>(I::broadcast(0x5F3759DF) - (simd::bit_cast<std::int32_t>(x) >> 1));
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) r = r * (V::broadcast(1.5f) - half_x * r * r);  // x/2·(r·r) overflows at x = 0
    const V root = x * r;
    return simd::fma(half * r, x - root * root, root);
  }
}

struct AdamWStep {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* w, T* m, T* v, const T* g, AdamWCoefficients<T> c, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          const V gi = part.template load<V>(g + i) * V::broadcast(c.gradient_scale);
          const V m0 = part.template load<V>(m + i), v0 = part.template load<V>(v + i);
          const V m1 = simd::fma(V::broadcast(c.one_minus_beta1), gi - m0, m0);
          const V v1 = simd::fma(V::broadcast(c.one_minus_beta2) * gi, gi, V::broadcast(c.beta2) * v0);
          const V denominator = simd::fma(sqrt(v1), V::broadcast(c.denominator_scale), V::broadcast(c.epsilon));
          const V decayed = part.template load<V>(w + i) * V::broadcast(c.decay);
          part.store(m1, m + i);
          part.store(v1, v + i);
          part.store(decayed - V::broadcast(c.step_size) * m1 / denominator, w + i);
        });
  }
};

}  // namespace detail

template <class T>
void adamw_step(T* w, T* m, T* v, const T* g, const AdamWCoefficients<T>& coefficients, index_t n) noexcept {
  simd::dispatch<detail::AdamWStep>(w, m, v, g, coefficients, n);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) \
  template void adamw_step(T* w, T* m, T* v, const T* g, const AdamWCoefficients<T>& coefficients, index_t n) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
