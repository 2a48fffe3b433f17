// Looks up rows of a table by index, and the gradient of that. Sums over several tables accumulate into one result.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>
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

/// Adds columns [begin, end) of dy[t] to row index[t] of dtable, for t from first to last. Skips index `skip`.
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

/// Writes row index[t] of the table (rows×d) to row t of y (n×d), or adds it.
template <class T, class Index>
void gather_rows(Sink<T> y, const T* table, const Index* index, index_t n, index_t d) noexcept {
  if (!y) return;
  parallel_for(n, 64, [=](index_t begin, index_t end) {
    simd::dispatch<detail::GatherRows>(y.data, y.accumulate, table, index, begin, end, d);
  });
}

/// Sums dy (n×d) into dtable (rows×d): row r is the sum of dy[t] over all t with index[t] = r. Row `skip` receives
/// nothing; −1 skips none. Threads divide the columns, not the rows, so that the order of the sums never changes; each
/// takes as many columns as possible, since long runs of memory are read twice as fast as short ones.
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

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
