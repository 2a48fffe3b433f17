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

/// Calls f(0), …, f(N − 1) with compile-time constants. An array indexed by constants becomes registers in every
/// compiler; an array indexed by a loop counter that is unrolled later may stay in memory (g++ lost a fifth of the
/// speed, depending on neighbouring functions). A lambda must be forced inline: `[&](auto i)
/// __attribute__((always_inline))`.
template <int N, class F>
[[gnu::always_inline]] inline void unroll(F f) {
  detail::unroll(f, std::make_integer_sequence<int, N>());
}

}  // namespace minibert::simd
