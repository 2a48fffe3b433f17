// Definitions of kernels/dropout.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/dropout_factors.hpp>
#include <minibert/kernels/dropout.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

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

template <class T>
void dropout(Sink<T> y, const T* x, DropoutMask mask, Sequences sequences, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(n, 32, [=](index_t begin, index_t end) {
    simd::dispatch<detail::DropoutRows>(y.data, y.accumulate, x, mask, sequences, begin, end, d);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) \
  template void dropout(Sink<T> y, const T* x, DropoutMask mask, Sequences sequences, index_t n, index_t d) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
