// Draws the dropout factors of features, a vector at a time: 0 for a dropped feature, the scale for the others.
#pragma once

#include <cstdint>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/vec.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Calls f(i, part, factor) for each vector of features [begin, end) of row `position` of a sequence. part: the valid
/// lanes. factor: 0 in dropped lanes, `scale` in the others. begin: a multiple of 64.
template <class V, class T, class F>
[[gnu::always_inline]] inline void for_dropout_factors(random::Key key, index_t position, int threshold, T scale,
                                                       index_t begin, index_t end, F f) {
  using Words = simd::Vec<std::uint32_t, V::lanes>;
  const V limit = V::broadcast(static_cast<T>(threshold)), keep = V::broadcast(scale);
  for (index_t group = begin; group < end; group += 64) {
    for (index_t lane = 0; lane < 16 && group + lane < end; lane += V::lanes) {
      auto x0 = Words::broadcast(static_cast<std::uint32_t>(position)).v;
      auto x1 = (Words::iota() + static_cast<std::uint32_t>(group / 4 + lane)).v;
      random::threefry2x32(key.k0, key.k1, x0, x1);
      for (index_t piece = 0; piece < 4; ++piece) {
        const index_t i = group + piece * 16 + lane;
        if (i >= end) break;
        const Words word{piece < 2 ? x0 : x1};
        const Words bits{piece % 2 == 0 ? (word.v & 0xFFFFu) : (word.v >> 16)};
        const V number = simd::convert<T>(simd::bit_cast<std::int32_t>(bits));
        const V factor = simd::select_less(number, limit, V{}, keep);
        if (i + V::lanes <= end)
          f(i, simd::FullVector{}, factor);
        else
          f(i, simd::PartVector{end - i}, factor);
      }
    }
  }
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
