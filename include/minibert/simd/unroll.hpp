// Unrolls loops at compile time.
#pragma once

#include <utility>

namespace minibert::simd {

namespace detail {
template <class F, int... I>
[[gnu::always_inline]] inline void unroll(F& f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}
}  // namespace detail

/// Calls f(0), …, f(N − 1) with compile-time constants. Every compiler keeps an array in registers if it is indexed by
/// constants only. An array that is indexed by the counter of a loop may stay in memory, even if the compiler unrolls
/// the loop (g++ lost a fifth of the speed, depending on neighbouring functions). If f is a lambda, it must be forced
/// inline: `[&](auto i) __attribute__((always_inline))`.
template <int N, class F>
[[gnu::always_inline]] inline void unroll(F f) {
  detail::unroll(f, std::make_integer_sequence<int, N>());
}

}  // namespace minibert::simd
