// GELU (Hendrycks and Gimpel, 2016): x·Φ(x), exact or by the tanh approximation that GPT-2 uses.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/math.hpp>
#include <minibert/simd/part.hpp>

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

namespace detail {
template <class Activation>
struct ActivationForward {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          part.store(Activation::forward(part.template load<V>(x + i)), y + i);
        });
  }
};
template <class Activation>
struct ActivationBackward {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* dx, bool add, const T* dy, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          const V slope = Activation::derivative(part.template load<V>(x + i));
          simd::store_or_add(part.template load<V>(dy + i) * slope, dx + i, add, part);
        });
  }
};
inline constexpr index_t kActivationGrain = 8192;
}  // namespace detail

/// Computes y = activation(x) for n elements.
template <class Activation, class T>
void activation_forward(T* y, const T* x, index_t n) noexcept {
  parallel_for(n, detail::kActivationGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::ActivationForward<Activation>>(y + begin, x + begin, end - begin);
  });
}

/// Computes dx = dy·activation'(x) for n elements. dx.data may be dy.
template <class Activation, class T>
void activation_backward(Sink<T> dx, const T* dy, const T* x, index_t n) noexcept {
  if (!dx) return;
  parallel_for(n, detail::kActivationGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::ActivationBackward<Activation>>(dx.data + begin, dx.accumulate, dy + begin, x + begin,
                                                           end - begin);
  });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
