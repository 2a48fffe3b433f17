// Transposes a square of vectors in registers.
#pragma once

#include <utility>

#include <minibert/simd/unroll.hpp>
#include <minibert/simd/vec.hpp>

namespace minibert::simd {
inline namespace MINIBERT_ARCH {

namespace detail {

/// A step of the transpose: in each 2W×2W block of the square, the upper right and the lower left W×W block trade
/// places. This function exchanges them for a pair of rows: a, in the upper half of the blocks, and b, W rows below.
template <int W, class V, std::size_t... I>
[[gnu::always_inline]] inline void exchange_blocks(V& a, V& b, std::index_sequence<I...>) {
  constexpr int n = V::lanes;
  const V low{__builtin_shufflevector(a.v, b.v, ((I & W) ? n + static_cast<int>(I) - W : static_cast<int>(I))...)};
  const V high{__builtin_shufflevector(a.v, b.v, ((I & W) ? n + static_cast<int>(I) : static_cast<int>(I) + W)...)};
  a = low;
  b = high;
}

template <int W, class V>
[[gnu::always_inline]] inline void transpose_step(V (&rows)[V::lanes]) {
  simd::unroll<V::lanes / 2>([&](auto pair) __attribute__((always_inline)) {
    constexpr int i = pair % W + pair / W * 2 * W;  // rows whose bit W is 0
    exchange_blocks<W>(rows[i], rows[i + W], std::make_index_sequence<V::lanes>());
  });
  if constexpr (2 * W < V::lanes) transpose_step<2 * W>(rows);
}

}  // namespace detail

/// Moves lane j of rows[i] to lane i of rows[j].
template <class V>
[[gnu::always_inline]] inline void transpose(V (&rows)[V::lanes]) {
  detail::transpose_step<1>(rows);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::simd
