// Computes exp, 2^x, tanh and the normal distribution on vectors. For float, the functions use minimax polynomials that
// were fitted for this library; their errors are given below. For double, they call the standard library lane by lane,
// for checks that need this accuracy.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

#include <minibert/simd/unroll.hpp>
#include <minibert/simd/vec.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// Calls f on each lane, for functions that have no vector form.
template <class T, int N, class F>
[[gnu::always_inline]] inline Vec<T, N> per_lane(const Vec<T, N>& x, F f) {
  Vec<T, N> y;
  for (int i = 0; i < N; ++i) y.v[i] = f(x.v[i]);
  return y;
}

namespace detail {

/// Returns c[0] + c[1]·x + …, by Horner's rule.
template <class V, std::size_t N>
[[gnu::always_inline]] inline V polynomial(const V& x, const float (&c)[N]) {
  V p = V::broadcast(c[N - 1]);
  simd::unroll<N - 1>([&](auto i) __attribute__((always_inline)) { p = fma(p, x, V::broadcast(c[N - 2 - i])); });
  return p;
}

}  // namespace detail

/// Returns e^x. Float: relative error < 2e-7; 0 below −87.3, infinity above 88.7; NaN stays NaN.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> exp(const Vec<T, N>& x) {
  using V = Vec<T, N>;
  if constexpr (std::is_same_v<T, double>) {
    return per_lane(x, [](double a) { return std::exp(a); });
  } else {
    constexpr float c[] = {1.0f,
                           1.0f,
                           0.49999991059303284f,
                           0.16666419804096222f,
                           0.04166822507977486f,
                           0.008374822326004505f,
                           0.001383683760650456f};
    const V magic = V::broadcast(12582912.0f);  // 1.5·2^23: adding it rounds to an integer, which is in the low bits
    const V shifted = fma(x, V::broadcast(std::numbers::log2e_v<float>), magic);
    const V n = shifted - magic;
    V r = fma(n, V::broadcast(-0.693145751953125f), x);  // ln 2 in two parts; n times the first is exact
    r = fma(n, V::broadcast(-1.42860682030941723e-6f), r);
    const V p = detail::polynomial(r, c);
    const auto scaled =
        bit_cast<std::uint32_t>(p) + (bit_cast<std::uint32_t>(shifted) << 23);  // unsigned: may wrap around
    V y = bit_cast<float>(scaled);
    y = select_less(x, V::broadcast(-87.33f), V::broadcast(0.0f), y);
    y = select_less(V::broadcast(88.72f), x, V::broadcast(__builtin_inff()), y);
    return {(x.v == x.v) ? y.v : x.v};
  }
}

/// Returns 2^x. Float: only for x < 127; relative error < 2e-7; 2^−126 for all x below −126; NaN stays NaN.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> exp2(const Vec<T, N>& x) {
  using V = Vec<T, N>;
  if constexpr (std::is_same_v<T, double>) {
    return per_lane(x, [](double a) { return std::exp2(a); });
  } else {
    constexpr float c[] = {1.0f,
                           0.6931470036506653f,
                           0.24022242426872253f,
                           0.05550733953714371f,
                           0.009671511128544807f,
                           0.001326465280726552f};
    const V magic = V::broadcast(12582912.0f);  // as in exp
    const V bounded = max(V::broadcast(-126.0f), x);
    const V shifted = bounded + magic;
    const V p = detail::polynomial(bounded - (shifted - magic), c);
    return bit_cast<float>(bit_cast<std::uint32_t>(p) + (bit_cast<std::uint32_t>(shifted) << 23));
  }
}

/// Returns tanh x. Float: relative error < 4e-7.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> tanh(const Vec<T, N>& x) {
  using V = Vec<T, N>;
  if constexpr (std::is_same_v<T, double>) {
    return per_lane(x, [](double a) { return std::tanh(a); });
  } else {
    constexpr float c[] = {1.0f,
                           -0.3333325982093811f,
                           0.13331127166748047f,
                           -0.053721074014902115f,
                           0.020591003820300102f,
                           -0.005660003982484341f};
    const V one = V::broadcast(1.0f), magnitude = abs(x);
    const V small = x * detail::polynomial(x * x, c);
    const V large = one - V::broadcast(2.0f) / (exp(magnitude + magnitude) + one);
    const V signed_large = select_less(x, V::broadcast(0.0f), -large, large);
    return select_less(magnitude, V::broadcast(0.625f), small, signed_large);
  }
}

/// Computes the cdf Φ(x) = (1 + erf(x / √2)) / 2 and the pdf φ(x) = e^(−x²/2) / √(2π) of the standard normal
/// distribution. Both share one exponential: Φ(−|x|) = e^(−x²/2)·R(|x|). R, Mills' ratio divided by √(2π), is smooth: a
/// polynomial in 1 / (1 + 0.3·|x|) approximates R to within 6e-8. Float: absolute error < 2e-7, relative error of
/// Φ(−|x|) < 4e-7 + 1e-7·x².
template <class T, int N>
[[gnu::always_inline]] inline void normal_cdf_pdf(const Vec<T, N>& x, Vec<T, N>& cdf, Vec<T, N>& pdf) {
  using V = Vec<T, N>;
  constexpr T inverse_sqrt_2pi = static_cast<T>(0.398942280401432677939946);
  const V gauss = exp(x * x * V::broadcast(static_cast<T>(-0.5)));
  pdf = gauss * V::broadcast(inverse_sqrt_2pi);
  if constexpr (std::is_same_v<T, double>) {
    cdf = per_lane(x, [](double a) { return 0.5 * std::erfc(-a * (std::numbers::sqrt2 / 2)); });
  } else {
    constexpr float c[] = {7.168849606387084e-06f, 0.1194876879453659f,   0.12192033976316452f,
                           0.09468354284763336f,   0.1425354778766632f,   -0.07650639861822128f,
                           0.2286600023508072f,    -0.16916607320308685f, 0.0383782796561718f};
    const V one = V::broadcast(1.0f);
    const V t = one / fma(abs(x), V::broadcast(0.3f), one);
    const V tail = gauss * detail::polynomial(t, c);
    cdf = select_less(x, V::broadcast(0.0f), tail, one - tail);
  }
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
