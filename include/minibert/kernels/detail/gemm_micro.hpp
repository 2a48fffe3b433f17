// The micro-tile: the only loop of the library that has to reach the processor's peak.
#pragma once

#include <minibert/core/aligned_buffer.hpp>
#include <minibert/kernels/matrix.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
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

/// tile (Tile::rows × Tile::columns, of which Vectors vectors are written) = rows of A · a panel of B. A's element (r, p)
/// is at a[r·a_stride + p] or, packed, at a[p·Tile::rows + r]; rows from `count` on repeat the last one. B's panel holds
/// Tile::columns of each of its k rows.
template <bool PackedA, int Vectors>
struct MicroKernel {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* tile, const T* a, index_t a_stride, index_t count, const T* b, index_t k) {
    using Tile = MicroTile<Arch, T>;
    using V = typename Tile::V;
    constexpr int rows = Tile::rows;
    V acc[rows][Vectors] = {};
    const T* a_row[rows];
    simd::unroll<rows>([&](auto r) __attribute__((always_inline)) {
      a_row[r] = PackedA ? a + r : a + (r < count ? r : count - 1) * a_stride;
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
      simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        acc[r][v].store(tile + r * Tile::columns + v * V::lanes);
      });
    });
  }
};

/// Elements [i, i_end) × [j, j_end) of C, at most a micro-tile: multiplied, then given to the epilogue from a tile in
/// memory. Going through memory costs 1 % at k = 384; in return one micro-kernel serves all epilogues.
template <class Arch, bool PackedA, class Epilogue, class T>
[[gnu::always_inline]] inline void micro_tile(index_t i, index_t i_end, index_t j, index_t j_end, index_t k, const T* a,
                                              index_t a_stride, const T* b, Epilogue& epilogue) {
  using Tile = MicroTile<Arch, T>;
  using V = typename Tile::V;
  alignas(kAlignment) T tile[Tile::rows * Tile::columns];
  const index_t vectors = (j_end - j + V::lanes - 1) / V::lanes;  // a narrow last panel costs what it holds
  if (vectors == 1)
    simd::call<MicroKernel<PackedA, 1>, Arch>(&tile[0], a, a_stride, i_end - i, b, k);
  else if (vectors < Tile::vectors)
    simd::call<MicroKernel<PackedA, 2>, Arch>(&tile[0], a, a_stride, i_end - i, b, k);
  else
    simd::call<MicroKernel<PackedA, Tile::vectors>, Arch>(&tile[0], a, a_stride, i_end - i, b, k);
  for (index_t row = i; row < i_end; ++row)
    simd::for_vectors<V>(j_end - j, [&](index_t c, auto part) __attribute__((always_inline)) {
      epilogue(V::load(tile + (row - i) * Tile::columns + c), row, j + c, part);
    });
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
