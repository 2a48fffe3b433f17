// Definitions of kernels/embedding.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/embedding.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

struct GatherRows {
  template <class Arch, class T, class Index>
  [[gnu::always_inline]] static void run(T* y, bool add, const T* table, const Index* index, index_t begin, index_t end,
                                         index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t t = begin; t < end; ++t) {
      const T* row = table + static_cast<index_t>(index[t]) * d;
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            simd::store_or_add(part.template load<V>(row + i), y + t * d + i, add, part);
          });
    }
  }
};

/// Adds columns [begin, end) of dy[t] to row index[t] of dtable, for t from 0 to n − 1, in this order. Skips index
/// `skip`.
struct ScatterColumns {
  template <class Arch, class T, class Index>
  [[gnu::always_inline]] static void run(T* dtable, const T* dy, const Index* index, index_t skip, index_t n,
                                         index_t begin, index_t end, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t t = 0; t < n; ++t) {
      const index_t row = static_cast<index_t>(index[t]);
      if (row == skip) continue;
      simd::for_vectors<V>(
          end - begin, [&](index_t i, auto part) __attribute__((always_inline)) {
            simd::store_or_add(part.template load<V>(dy + t * d + begin + i), dtable + row * d + begin + i, true, part);
          });
    }
  }
};

}  // namespace detail

template <class T, class Index>
void gather_rows(Sink<T> y, const T* table, const Index* index, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(n, 64, [=](index_t begin, index_t end) {
    simd::dispatch<detail::GatherRows>(y.data, y.accumulate, table, index, begin, end, d);
  });
}

template <class T, class Index>
void scatter_rows(Sink<T> dtable, const T* dy, const Index* index, index_t skip, index_t n, index_t rows,
                  index_t d) noexcept {
  if (!dtable) return;
  if (!dtable.accumulate)
    parallel_for(rows, 256,
                 [=](index_t begin, index_t end) { std::fill(dtable.data + begin * d, dtable.data + end * d, T{0}); });
  parallel_for(d, equal_grain(d, 16), [=](index_t begin, index_t end) {
    simd::dispatch<detail::ScatterColumns>(dtable.data, dy, index, skip, n, begin, end, d);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T, Index)                                                                               \
  template void gather_rows(Sink<T> y, const T* table, const Index* index, index_t n, index_t d) noexcept;           \
  template void scatter_rows(Sink<T> dtable, const T* dy, const Index* index, index_t skip, index_t n, index_t rows, \
                             index_t d) noexcept;
MINIBERT_INSTANTIATE(float, token_id)
MINIBERT_INSTANTIATE(double, token_id)
MINIBERT_INSTANTIATE(float, index_t)
MINIBERT_INSTANTIATE(double, index_t)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
