// Packing: operands copied into the order in which the micro-tile reads them.
#pragma once

#include <algorithm>
#include <numeric>

#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/simd/transpose.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// After how many rows so far apart the second level of the cache (1,024 sets, 16 ways or 8) has the next one in the
/// set of the first: where these are few, rows push each other out.
inline index_t rows_until_collision(index_t stride_bytes) noexcept {
  constexpr index_t kPeriod = 65536;
  return kPeriod / std::gcd(kPeriod, stride_bytes);
}

/// Row p of the panel: `count` elements of a row of B, then zeros to the end of a vector.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel_row(T* to, const T* row, index_t count) {
  using V = typename Tile::V;
  simd::for_vectors<V>(count, [&](index_t c, auto part) __attribute__((always_inline)) {
    part.template load<V>(row + c).store(to + c);
  });
}

/// A vector of columns of the panel from `count` rows of Bᵗ, the rest of it zero: squares transposed in registers.
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
      transpose_square(V::lanes, [&](auto r) __attribute__((always_inline)) { return V::load(source + r * stride + p); });
  for (; p < k; p += V::lanes) {
    const index_t rows = std::min<index_t>(V::lanes, k - p);
    transpose_square(rows, [&](auto r) __attribute__((always_inline)) {
      V row{};
      if (r < count) row = rows == V::lanes ? V::load(source + r * stride + p) : V::load(source + r * stride + p, rows);
      return row;
    });
  }
}

/// `count` columns of B from column j on, all k rows, into a panel of Tile::columns columns; zeros to the end of a vector.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel(T* panel, Matrix<T> b, index_t j, index_t count, index_t k) {
  constexpr index_t lanes = Tile::V::lanes;
  const T* source = b.data + j * b.column_stride;
  if (b.column_stride == 1) {
    for (index_t p = 0; p < k; ++p)
      pack_panel_row<Tile>(panel + p * Tile::columns, source + p * b.row_stride, count);
  } else {
    for (index_t c = 0; c < count; c += lanes)
      pack_panel_columns<Tile>(panel + c, source + c * b.column_stride, b.column_stride,
                               std::min<index_t>(count - c, lanes), k);
  }
}

/// B (k×n) into panels: the one that starts at column j lies at packed + j·k.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panels(T* packed, Matrix<T> b, index_t n, index_t k) {
  for (index_t j = 0; j < n; j += Tile::columns)
    pack_panel<Tile>(packed + j * k, b, j, std::min(Tile::columns, n - j), k);
}

/// A (m×k), whose columns are contiguous: element (r, p) at p·stride + r.
template <class V, class T>
[[gnu::always_inline]] inline void pack_rows(T* packed, index_t stride, Matrix<T> a, index_t m, index_t k) {
  for (index_t p = 0; p < k; ++p, packed += stride)
    simd::for_vectors<V>(m, [&](index_t r, auto part) __attribute__((always_inline)) {
      part.store(part.template load<V>(a.data + p * a.column_stride + r), packed + r);
    });
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
