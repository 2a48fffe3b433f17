// One vector type for every instruction set, over the compiler's vector extensions.
//
// Every function is forced inline, so that it is compiled for the instruction set of its caller (dispatch.hpp). A
// function or lambda that takes a Vec without being forced inline would be compiled for the baseline. fma() is a single
// expression, because clang fuses a·b + c only within one expression.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

/// A register of N elements of T: float, double, int32_t or uint32_t.
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
  /// Loads the first n < N elements; the other lanes are zero.
  [[gnu::always_inline]] static Vec load(const T* p, index_t n) {
    Vec r{};
    for (index_t i = 0; i < n; ++i) r.v[i] = p[i];
    return r;
  }
  /// Returns x in all lanes.
  [[gnu::always_inline]] static Vec broadcast(T x) { return broadcast(x, std::make_integer_sequence<int, N>()); }
  /// Returns 0, 1, …, N − 1.
  [[gnu::always_inline]] static Vec iota() {
    Vec r;
    for (int i = 0; i < N; ++i) r.v[i] = static_cast<T>(i);
    return r;
  }
  [[gnu::always_inline]] void store(T* p) const { std::memcpy(p, &v, sizeof(Raw)); }
  /// Stores the first n < N elements.
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
  // Loads from an array, because g++ 12 inserts the elements of Raw{x, x, …} or x − Raw{} lane by lane.
  template <int... I>
  [[gnu::always_inline]] static Vec broadcast(T x, std::integer_sequence<int, I...>) {
    const T all[sizeof...(I)] = {(static_cast<void>(I), x)...};
    return load(all);
  }
};

/// Returns a·b + c, as a fused multiply-add if the instruction set has one.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> fma(const Vec<T, N>& a, const Vec<T, N>& b, const Vec<T, N>& c) {
  return {a.v * b.v + c.v};
}

/// Returns a < b ? x : y for each lane.
template <class T, int N, class U>
[[gnu::always_inline]] inline Vec<U, N> select_less(const Vec<T, N>& a, const Vec<T, N>& b, const Vec<U, N>& x,
                                                    const Vec<U, N>& y) {
  static_assert(sizeof(T) == sizeof(U));
  return {(a.v < b.v) ? x.v : y.v};
}

/// Returns the larger element of each lane; the element of b where a or b is NaN.
template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> max(const Vec<T, N>& a, const Vec<T, N>& b) {
  return {(a.v > b.v) ? a.v : b.v};
}

template <class T, int N>
[[gnu::always_inline]] inline Vec<T, N> abs(const Vec<T, N>& a) {
  return {(a.v < 0) ? -a.v : a.v};
}

/// Returns the bits of each lane as another type of the same size.
template <class U, class T, int N>
[[gnu::always_inline]] inline Vec<U, N> bit_cast(const Vec<T, N>& a) {
  static_assert(sizeof(T) == sizeof(U));
  Vec<U, N> r;
  std::memcpy(&r.v, &a.v, sizeof(r.v));
  return r;
}

/// Converts each lane to another type of the same size.
template <class U, class T, int N>
[[gnu::always_inline]] inline Vec<U, N> convert(const Vec<T, N>& a) {
  return {__builtin_convertvector(a.v, typename Vec<U, N>::Raw)};
}

/// Reduces all lanes by f in a fixed order: combines the lower half with the upper half until one lane is left. f must
/// be a lambda marked always_inline.
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

/// Returns the sum of all lanes.
template <class T, int N>
[[gnu::always_inline]] inline T sum(const Vec<T, N>& a) {
  return reduce(
      a, [](const auto& x, const auto& y) __attribute__((always_inline)) { return x + y; });
}

/// Returns the largest lane.
template <class T, int N>
[[gnu::always_inline]] inline T max_lane(const Vec<T, N>& a) {
  return reduce(
      a, [](const auto& x, const auto& y) __attribute__((always_inline)) { return max(x, y); });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
