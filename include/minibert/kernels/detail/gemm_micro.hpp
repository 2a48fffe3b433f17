// The micro-tile: the only loop of the library that has to reach the processor's peak.
#pragma once

#include <minibert/kernels/epilogue.hpp>
#include <minibert/kernels/matrix.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/unroll.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Rows × (vectors of columns) of C kept in registers: 8×3 of 32 registers, 6×2 of 16. Both were measured at the FMA
/// peak; the rest of the registers hold a row of B and a broadcast element of A.
template <class Arch, class T>
struct MicroTile {
  using V = typename Arch::template vec<T>;
  static constexpr int rows = Arch::registers == 32 ? 8 : 6;
  static constexpr int vectors = Arch::registers == 32 ? 3 : 2;
  static constexpr index_t columns = vectors * V::lanes;
};
inline constexpr index_t kMaxTileRows = 8;
inline constexpr index_t kMaxTileColumns = 48;  // a multiple of every tile's columns: 48, 24, 16, 12, 8, 4

/// Rows × Vectors of A·B to the epilogue, first element (i, j). A's element (r, p) is at a[r·a_stride + p] or, packed, at
/// a[p·Tile::rows + r]; B's panel holds Tile::columns of each of its k rows.
template <class Tile, bool PackedA, int Vectors, class Epilogue, class T>
[[gnu::always_inline]] inline void multiply(index_t i, index_t i_end, index_t j, index_t j_end, index_t k, const T* a,
                                            index_t a_stride, const T* b, Epilogue& epilogue) {
  using V = typename Tile::V;
  constexpr int rows = Tile::rows;
  V acc[rows][Vectors] = {};
  const T* a_row[rows];  // rows past the end read the last one; their sums are dropped
  simd::unroll<rows>([&](auto r) __attribute__((always_inline)) {
    a_row[r] = PackedA ? a + r : a + (i + r < i_end ? r : i_end - 1 - i) * a_stride;
  });
  for (index_t p = 0; p < k; ++p) {
    V row[Vectors];
    simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      row[v] = V::load(b + p * Tile::columns + v * V::lanes);
    });
    simd::unroll<rows>([&](auto r) __attribute__((always_inline)) {
      const V x = V::broadcast(a_row[r][PackedA ? p * rows : p]);
      simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) { acc[r][v] = fma(x, row[v], acc[r][v]); });
    });
  }
  simd::unroll<rows>([&](auto r) __attribute__((always_inline)) {
    if (i + r >= i_end) return;
    simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      const index_t column = j + v * V::lanes;
      if (column + V::lanes <= j_end)
        epilogue(acc[r][v], i + r, column, FullVector{});
      else if (column < j_end)
        epilogue(acc[r][v], i + r, column, PartVector{j_end - column});
    });
  });
}

/// As many vectors as columns [j, j_end) need: a narrow last panel costs what it holds.
template <class Tile, bool PackedA, class Epilogue, class T>
[[gnu::always_inline]] inline void micro_tile(index_t i, index_t i_end, index_t j, index_t j_end, index_t k, const T* a,
                                              index_t a_stride, const T* b, Epilogue& epilogue) {
  const index_t vectors = (j_end - j + Tile::V::lanes - 1) / Tile::V::lanes;
  if (vectors == Tile::vectors)
    multiply<Tile, PackedA, Tile::vectors>(i, i_end, j, j_end, k, a, a_stride, b, epilogue);
  else if (vectors == 1)
    multiply<Tile, PackedA, 1>(i, i_end, j, j_end, k, a, a_stride, b, epilogue);
  else
    multiply<Tile, PackedA, 2>(i, i_end, j, j_end, k, a, a_stride, b, epilogue);
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
