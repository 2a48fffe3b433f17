// Dropout (Srivastava et al., 2014). The mask is a function of an element's place, so it is never stored.
//
// The place is a key (seed, site, step), the number of the element's sequence in the global batch, its position in the
// sequence, and its feature. Sixteen random bits decide each element, so a call of the generator decides four. Calls
// take features in groups of 64, arranged so that every vector width draws the same decisions.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/core/parallel.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {

/// The probability and the key of a dropout. The probability is rounded to a multiple of 1/65536; the scale uses the
/// rounded probability, so the expectation is exact.
struct DropoutMask {
  random::Key key;
  int threshold = 0;  ///< elements whose 16 bits are below are dropped; 0: no dropout

  static DropoutMask of(double p, random::Key key) noexcept {
    return {.key = key, .threshold = static_cast<int>(std::lround(p * 65536))};
  }
  double scale() const noexcept { return 65536.0 / (65536 - threshold); }
  explicit operator bool() const noexcept { return threshold > 0; }
};

inline namespace MINIBERT_ARCH {
namespace detail {

/// Calls f(i, part, factor) for each vector of features [begin, end) at `position`. factor: 0 in dropped lanes, `scale`
/// in the others. begin: a multiple of 64.
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

struct DropoutRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, bool add, const T* x, DropoutMask mask, Sequences sequences,
                                         index_t begin, index_t end, index_t d) {
    using V = typename Arch::template vec<T>;
    const index_t* cu = sequences.cu_seqlens;
    index_t b = std::upper_bound(cu, cu + sequences.count + 1, begin) - cu - 1;
    random::Key key = mask.key.fold(sequences.global_rows[b]);
    for (index_t t = begin; t < end; ++t) {
      while (t >= cu[b + 1]) key = mask.key.fold(sequences.global_rows[++b]);
      for_dropout_factors<V>(
          key, t - cu[b], mask.threshold, static_cast<T>(mask.scale()), index_t{0},
          d, [&](index_t i, auto part, const V& factor) __attribute__((always_inline)) {
            const index_t p = t * d + i;
            simd::store_or_add(part.template load<V>(x + p) * factor, y + p, add, part);
          });
    }
  }
};

}  // namespace detail

/// Computes y = x·mask/(1 − p) for n rows of d features. The backward pass is the same function, from dy to dx. Every
/// row belongs to one of the sequences: cu_seqlens[count] = n.
template <class T>
void dropout(Sink<T> y, const T* x, DropoutMask mask, Sequences sequences, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(n, 32, [=](index_t begin, index_t end) {
    simd::dispatch<detail::DropoutRows>(y.data, y.accumulate, x, mask, sequences, begin, end, d);
  });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
