// Packing: copies operands into the order in which the micro-tile reads them.
#pragma once

#include <algorithm>
#include <cstring>

#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/simd/transpose.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Copies `count` elements of a row of B to a row of a panel, and fills the rest of the final vector with zeros.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel_row(T* to, const T* row, index_t count) {
  using V = typename Tile::V;
  simd::for_vectors<V>(
      count, [&](index_t c, auto part)
                 __attribute__((always_inline)) { part.template load<V>(row + c).store(to + c); });
}

/// Copies `count` rows of Bᵗ (k elements each) to `count` columns of a panel. count: at most the lanes of a vector; the
/// other columns of the vector become zero. stride: elements from one row of Bᵗ to the next. Transposes squares in
/// registers.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel_columns(T* to, const T* source, index_t stride, index_t count,
                                                      index_t k) {
  using V = typename Tile::V;
  index_t p = 0;
  const auto transpose_square = [&](index_t rows, auto load) __attribute__((always_inline)) {
    V square[V::lanes];
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) { square[r] = load(r); });
    simd::transpose(square);
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
      if (r < rows) square[r].store(to + (p + r) * Tile::columns);
    });
  };
  if (count == V::lanes)
    for (; p + V::lanes <= k; p += V::lanes)
      transpose_square(
          V::lanes, [&](auto r) __attribute__((always_inline)) { return V::load(source + r * stride + p); });
  for (; p < k; p += V::lanes) {
    const index_t rows = std::min<index_t>(V::lanes, k - p);
    transpose_square(
        rows, [&](auto r) __attribute__((always_inline)) {
          V row{};
          if (r < count)
            row = rows == V::lanes ? V::load(source + r * stride + p) : V::load(source + r * stride + p, rows);
          return row;
        });
  }
}

/// Copies columns [j, j + count) of B (k×n), whose columns are contiguous, to a panel, and fills the rest of the final
/// vector of each row with zeros.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel(T* panel, Matrix<T> b, index_t j, index_t count, index_t k) {
  constexpr index_t lanes = Tile::V::lanes;
  for (index_t c = 0; c < count; c += lanes)
    pack_panel_columns<Tile>(panel + c, b.data + (j + c) * b.column_stride, b.column_stride,
                             std::min<index_t>(count - c, lanes), k);
}

/// Prefetches the n elements that begin at row + distance.
template <class T>
[[gnu::always_inline]] inline void prefetch_row(const T* row, index_t distance, index_t n) {
  for (index_t i = 0; i < n; i += 64 / static_cast<index_t>(sizeof(T))) __builtin_prefetch(row + distance + i, 0, 2);
}

/// Packs B (k×n) into panels. B has contiguous rows and at most kMaxTileColumns columns. Each row is read completely
/// before the next, because otherwise rows that are far apart could evict each other from the cache between panels.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel_rows(T* packed, Matrix<T> b, index_t n, index_t k) {
  for (index_t p = 0; p < k; ++p) {
    const T* row = b.data + p * b.row_stride;
    if constexpr (Tile::columns < kMaxTileColumns)
      prefetch_row(row, p + kPackAhead < k ? kPackAhead * b.row_stride : 0, n);
    for (index_t j = 0; j < n; j += Tile::columns)
      pack_panel_row<Tile>(packed + j * k + p * Tile::columns, row + j, std::min(Tile::columns, n - j));
  }
}

/// Packs B (k×n) into panels: the panel at column j begins at packed + j·k, its rows Tile::columns apart.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panels(T* packed, Matrix<T> b, index_t n, index_t k) {
  if (b.column_stride == 1) {
    for (index_t j = 0; j < n; j += kMaxTileColumns)
      pack_panel_rows<Tile>(packed + j * k, b.at(0, j), std::min(kMaxTileColumns, n - j), k);
  } else {
    for (index_t j = 0; j < n; j += Tile::columns)
      pack_panel<Tile>(packed + j * k, b, j, std::min(Tile::columns, n - j), k);
  }
}

/// Packs A (m×k), whose columns are contiguous. Writes element (r, p) to packed[p·stride + r].
template <class V, class T>
[[gnu::always_inline]] inline void pack_rows(T* packed, index_t stride, Matrix<T> a, index_t m, index_t k) {
  constexpr index_t kWidth = kPackVectors * V::lanes;
  for (index_t p = 0; p < k; ++p, packed += stride) {
    const T* column = a.data + p * a.column_stride;
    const T* later = p + kPackAhead < k ? column + kPackAhead * a.column_stride : column;
    index_t r = 0;
    for (; r + kWidth <= m; r += kWidth) {
      V line[kPackVectors];
      simd::unroll<kPackVectors>([&](auto v) __attribute__((always_inline)) {
        __builtin_prefetch(later + r + v * V::lanes);
        line[v] = V::load(column + r + v * V::lanes);
      });
      simd::unroll<kPackVectors>([&](auto v)
                                     __attribute__((always_inline)) { line[v].store(packed + r + v * V::lanes); });
    }
    simd::for_vectors<V>(
        m - r, [&](index_t c, auto part) __attribute__((always_inline)) {
          part.store(part.template load<V>(column + r + c), packed + r + c);
        });
  }
}

/// Rounds n floats to bfloat16, to nearest even; NaN stays NaN. Also rounds the elements that follow in the final
/// vector.
template <class V>
[[gnu::always_inline]] inline void round_to_bf16(float* x, index_t n) {
  for (index_t i = 0; i < n; i += V::lanes) {
    const V value = V::load(x + i);
    const auto bits = simd::bit_cast<std::uint32_t>(value);
    const decltype(bits) odd{(bits.v >> 16) & 1u}, rounded{bits.v + odd.v + 0x7FFFu}, quiet{bits.v | 0x400000u};
    const decltype(bits) chosen{((value.v == value.v) ? rounded.v : quiet.v) & 0xFFFF0000u};
    simd::bit_cast<float>(chosen).store(x + i);
  }
}

/// Packs A (m×k), whose columns are contiguous, into strips of kMicroRows rows. A strip holds its columns one after the
/// other, then a gap of kMicroRows·kStripGap elements. packed: round_up(m, kMicroRows)·(k + kStripGap) elements.
template <class Tile, class T>
[[gnu::always_inline]] inline BlockRows<T> pack_strips(T* packed, Matrix<T> a, index_t m, index_t k) {
  using V = typename Tile::V;
  constexpr index_t rows = Tile::rows, width = core::round_up(rows, V::lanes),
                    gap = GemmTuning<typename Tile::arch>::kStripGap;
  static_assert(width - rows <= rows * gap);
  for (index_t p = 0; p < k; ++p) {
    const T* column = a.data + p * a.column_stride;
    T* to = packed + p * rows;
    prefetch_row(column, p + kPackAhead < k ? kPackAhead * a.column_stride : 0, m);
    index_t r = 0;
    for (; r + width <= m; r += rows)  // whole vectors: the excess is overwritten later, or lies in the gap
      for (index_t i = 0; i < rows; i += V::lanes) V::load(column + r + i).store(to + r * (k + gap) + i);
    for (; r < m; r += rows)
      if (m - r >= rows)
        std::memcpy(to + r * (k + gap), column + r, rows * sizeof(T));
      else
        std::copy_n(column + r, m - r, to + r * (k + gap));
  }
  return {packed, 1, rows, k + gap};
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
