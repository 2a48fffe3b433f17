// Packing: operands copied into the order in which the micro-tile reads them.
#pragma once

#include <algorithm>

#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/simd/transpose.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

constexpr index_t round_up(index_t n, index_t multiple) noexcept { return (n + multiple - 1) / multiple * multiple; }

namespace detail {

/// `count` columns of B from column j on, all k rows, into a panel of Columns columns; the rest of it zero.
template <class Tile, class T>
[[gnu::always_inline]] inline void pack_panel(T* panel, Matrix<T> b, index_t j, index_t count, index_t k) {
  using V = typename Tile::V;
  constexpr index_t columns = Tile::columns, lanes = V::lanes;
  const T* source = b.data + j * b.column_stride;
  if (b.column_stride == 1) {
    for (index_t p = 0; p < k; ++p) {
      const T* row = source + p * b.row_stride;
      T* to = panel + p * columns;
      for (index_t c = 0; c < columns; c += lanes) {
        if (c + lanes <= count)
          V::load(row + c).store(to + c);
        else
          V::load(row + c, std::max<index_t>(count - c, 0)).store(to + c);
      }
    }
    return;
  }
  for (index_t c = 0; c < columns; c += lanes) {  // rows of Bᵗ: squares transposed in registers
    index_t p = 0;
    if (c + lanes <= count) {
      for (; p + lanes <= k; p += lanes) {
        V square[lanes];
        simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
          square[r] = V::load(source + (c + r) * b.column_stride + p);
        });
        simd::transpose(square);
        simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
          square[r].store(panel + (p + r) * columns + c);
        });
      }
    }
    for (; p < k; ++p)
      for (index_t r = c; r < c + lanes; ++r)
        panel[p * columns + r] = r < count ? source[r * b.column_stride + p * b.row_stride] : T{0};
  }
}

/// Columns [begin, end) of B, all k rows, into panels: the one that starts at column j lies at
/// packed + (j − origin)·k.
struct PackColumns {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* packed, Matrix<T> b, index_t origin, index_t begin, index_t end,
                                         index_t k) {
    using Tile = MicroTile<Arch, T>;
    for (index_t j = begin; j < end; j += Tile::columns)
      pack_panel<Tile>(packed + (j - origin) * k, b, j, std::min(Tile::columns, end - j), k);
  }
};

/// Rows [first, last) of A, whose columns are contiguous, and its columns [begin, end): element (r, p) at
/// (p − begin)·stride + r − first.
template <class V, class T>
[[gnu::always_inline]] inline void pack_rows(T* packed, index_t stride, Matrix<T> a, index_t first, index_t last,
                                             index_t begin, index_t end) {
  for (index_t p = begin; p < end; ++p, packed += stride)
    simd::for_vectors<V>(last - first, [&](index_t r, auto part) __attribute__((always_inline)) {
      part.store(part.template load<V>(a.data + p * a.column_stride + first + r), packed + r);
    });
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
