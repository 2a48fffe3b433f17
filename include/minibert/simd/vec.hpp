// One vector type for every instruction set, over the compiler's vector extensions.
//
// Each function is forced inline: only then is it compiled for the instruction set of the function it ends up in
// (dispatch.hpp). A function or lambda that takes a Vec and is not forced inline would be compiled for the baseline.
// fma() is one expression because clang contracts a·b + c only within one.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// N elements of T in a register. T: float, double, int32_t, uint32_t.
template <class T, int N>
struct Vec {
  typedef T Raw __attribute__((vector_size(N * sizeof(T))));
  static constexpr int lanes = N;
  Raw v;

  [[gnu::always_inline]] static Vec load(const T* p) {
    Vec r;
    std::memcpy(&r.v, p, sizeof(Raw));
    return r;
  }
  /// The first n < N elements; zero in the others.
  [[gnu::always_inline]] static Vec load(const T* p, index_t n) {
    Vec r{};
    for (index_t i = 0; i < n; ++i) r.v[i] = p[i];
    return r;
  }
  /// x in all lanes.
  [[gnu::always_inline]] static Vec broadcast(T x) { return broadcast(x, std::make_integer_sequence<int, N>()); }
  /// 0, 1, …, N − 1.
  [[gnu::always_inline]] static Vec iota() {
    Vec r;
    for (int i = 0; i < N; ++i) r.v[i] = static_cast<T>(i);
    return r;
  }
  [[gnu::always_inline]] void store(T* p) const { std::memcpy(p, &v, sizeof(Raw)); }
  /// The first n < N elements.
  [[gnu::always_inline]] void store(T* p, index_t n) const {
    for (index_t i = 0; i < n; ++i) p[i] = v[i];
  }

  [[gnu::always_inline]] friend Vec operator+(const Vec& a, const Vec& b) { return {a.v + b.v}; }
  [[gnu::always_inline]] friend Vec operator-(const Vec& a, const Vec& b) { return {a.v - b.v}; }
  [[gnu::always_inline]] friend Vec operator*(const Vec& a, const Vec& b) { return {a.v * b.v}; }
  [[gnu::always_inline]] friend Vec operator/(const Vec& a, const Vec& b) { return {a.v / b.v}; }
  [[gnu::always_inline]] friend Vec operator-(const Vec& a) { return {-a.v}; }
  [[gnu::always_inline]] friend Vec operator&(const Vec& a, const Vec& b) { return {a.v & b.v}; }
  [[gnu::always_inline]] friend Vec operator|(const Vec& a, const Vec& b) { return {a.v | b.v}; }
  [[gnu::always_inline]] friend Vec operator^(const Vec& a, const Vec& b) { return {a.v ^ b.v}; }
  [[gnu::always_inline]] friend Vec operator<<(const Vec& a, int bits) { return {a.v << bits}; }
  [[gnu::always_inline]] friend Vec operator>>(const Vec& a, int bits) { return {a.v >> bits}; }
  [[gnu::always_inline]] friend Vec operator+(const Vec& a, T b) { return a + broadcast(b); }

 private:
  // Through an array: what is written as Raw{x, x, …} or x − Raw{} g++ 12 inserts lane by lane.
  template <int... I>
  [[gnu::always_inline]] static Vec broadcast(T x, std::integer_sequence<int, I...>) {
    const T all[N] = {(static_cast<void>(I), x)...};
    return load(all);
  }
};

/// a·b + c, fused where the instruction set can.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> fma(const Vec<T, N>& a, const Vec<T, N>& b, const Vec<T, N>& c) {
  return {a.v * b.v + c.v};
}

/// Per lane: a < b ? x : y.
template <class T, int N, class U>
[[gnu::always_inline]] inline Vec<U, N> select_less(const Vec<T, N>& a, const Vec<T, N>& b, const Vec<U, N>& x,
                                                    const Vec<U, N>& y) {
  static_assert(sizeof(T) == sizeof(U));
  return {(a.v < b.v) ? x.v : y.v};
}

/// Per lane the larger one; b where a is NaN.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> max(const Vec<T, N>& a, const Vec<T, N>& b) {
  return {(a.v > b.v) ? a.v : b.v};
}

template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> abs(const Vec<T, N>& a) {
  return {(a.v < 0) ? -a.v : a.v};
}

/// The same bits as another type of the same size.
template <class U, class T, int N>
[[gnu::always_inline]] inline Vec<U, N> bit_cast(const Vec<T, N>& a) {
  static_assert(sizeof(T) == sizeof(U));
  Vec<U, N> r;
  std::memcpy(&r.v, &a.v, sizeof(r.v));
  return r;
}

/// The lanes' values as another type of the same size.
template <class U, class T, int N>
[[gnu::always_inline]] inline Vec<U, N> convert(const Vec<T, N>& a) {
  return {__builtin_convertvector(a.v, typename Vec<U, N>::Raw)};
}

/// f over all lanes, halves with halves: a fixed order. f is a lambda that is forced inline.
template <class T, int N, class F>
[[gnu::always_inline]] inline T reduce(const Vec<T, N>& a, F f) {
  if constexpr (N == 1) {
    return a.v[0];
  } else {
    Vec<T, N / 2> low, high;
    std::memcpy(&low.v, &a.v, sizeof(low.v));
    std::memcpy(&high.v, reinterpret_cast<const char*>(&a.v) + sizeof(low.v), sizeof(high.v));
    return reduce(f(low, high), f);
  }
}

/// The sum of all lanes.
template <class T, int N>
[[gnu::always_inline]] inline T sum(const Vec<T, N>& a) {
  return reduce(
      a, [](const auto& x, const auto& y) __attribute__((always_inline)) { return x + y; });
}

/// The largest lane.
template <class T, int N>
[[gnu::always_inline]] inline T max_lane(const Vec<T, N>& a) {
  return reduce(
      a, [](const auto& x, const auto& y) __attribute__((always_inline)) { return max(x, y); });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
