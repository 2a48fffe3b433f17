// The formulas of GELU and their derivatives, on vectors.
#pragma once

#include <type_traits>

#include <minibert/core/config.hpp>
#include <minibert/simd/math.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// x·Φ(x), where Φ is the cumulative distribution function of the standard normal distribution.
struct GeluExact {
  template <class V>
  [[gnu::always_inline]] static V forward(const V& x) {
    V cdf, pdf;
    simd::normal_cdf_pdf(x, cdf, pdf);
    return x * cdf;
  }
  /// Returns Φ(x) + x·φ(x).
  template <class V>
  [[gnu::always_inline]] static V derivative(const V& x) {
    V cdf, pdf;
    simd::normal_cdf_pdf(x, cdf, pdf);
    return simd::fma(x, pdf, cdf);
  }
};

/// x/2·(1 + tanh u), where u = √(2/π)·(x + 0.044715·x³).
struct GeluTanh {
  template <class V>
  [[gnu::always_inline]] static V tanh_argument(const V& x) {
    using T = std::remove_cvref_t<decltype(x.v[0])>;
    const V inner = simd::fma(x * x * x, V::broadcast(static_cast<T>(0.044715)), x);
    return inner * V::broadcast(static_cast<T>(0.797884560802865355879892));
  }
  template <class V>
  [[gnu::always_inline]] static V forward(const V& x) {
    using T = std::remove_cvref_t<decltype(x.v[0])>;
    const V half = x * V::broadcast(static_cast<T>(0.5));
    return simd::fma(half, simd::tanh(tanh_argument(x)), half);
  }
  /// Returns (1 + t)/2 + x/2·(1 − t²)·u', where t = tanh u and u' = √(2/π)·(1 + 3·0.044715·x²).
  template <class V>
  [[gnu::always_inline]] static V derivative(const V& x) {
    using T = std::remove_cvref_t<decltype(x.v[0])>;
    const V one = V::broadcast(T{1}), half = V::broadcast(static_cast<T>(0.5));
    const V t = simd::tanh(tanh_argument(x));
    const V du = simd::fma(x * x, V::broadcast(static_cast<T>(3 * 0.044715)), one) *
                 V::broadcast(static_cast<T>(0.797884560802865355879892));
    return half * (one + t) + half * x * (one - t * t) * du;
  }
};

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
