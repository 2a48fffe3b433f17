// The micro-tile: a small tile of C whose sums stay in registers. Its loop is the only one of the library that has to
// reach the processor's peak.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <minibert/core/aligned_buffer.hpp>
#include <minibert/kernels/detail/epilogue_stores.hpp>
#include <minibert/kernels/detail/gemm_tuning.hpp>
#include <minibert/kernels/matrix.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/unroll.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// The size of a micro-tile of C: kMicroRows rows of kTileVectors vectors each. Its sums stay in registers. The other
/// registers hold the tile's part of a row of B, and one broadcast element of A.
template <class Arch, class T>
struct MicroTile {
  using arch = Arch;
  using V = typename Arch::template vec<T>;
  static constexpr int rows = kMicroRows;
  static constexpr int vectors = GemmTuning<Arch>::kTileVectors;
  static constexpr index_t columns = vectors * V::lanes;
};

/// Locates the rows of A for one micro-tile: element (r, p) is at data[r·row_stride + p·step]. Only `count` rows exist.
/// For the others, the micro-kernel reads row count − 1 again, so that it never reads outside A.
template <class Element>
struct MicroRows {
  const Element* data;
  index_t row_stride, step, count;
};

/// Locates the rows of A for all micro-tiles of a chunk, over one block of k: element (r, p) of the tile that starts at
/// row i is at data[i·tile_stride + r·row_stride + p·step].
template <class Element>
struct BlockRows {
  const Element* data;
  index_t row_stride, step, tile_stride;

  /// Returns `count` rows from row i on. i: a multiple of kMicroRows.
  [[gnu::always_inline]] MicroRows<Element> tile(index_t i, index_t count) const {
    return {data + i * tile_stride, row_stride, step, count};
  }
};

/// Locates the columns of B for one micro-tile: row p begins at data[p·stride].
template <class Element>
struct MicroColumns {
  const Element* data;
  index_t stride;
};

/// A stream of prefetches: one cache line per step of a micro-kernel, `stride` bytes apart.
struct MicroPrefetch {
  std::uintptr_t at;  // an integer, since it may pass the end of an array
  index_t stride;

  MicroPrefetch(const void* data, index_t stride_) : at(reinterpret_cast<std::uintptr_t>(data)), stride(stride_) {}
  [[gnu::always_inline]] void fetch() {
    __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
    at += static_cast<std::uintptr_t>(stride);
  }
};

/// Prefetches nothing. AVX2 uses this, because prefetching cost time there (see GemmTuning).
struct NoPrefetch {
  [[gnu::always_inline]] void fetch() {}
};

/// The vector type in which a micro-kernel multiplies elements. Each such type needs an overload of accumulate() (see
/// below).
template <class Arch, class Element>
struct MicroOperand {
  using type = typename Arch::template vec<Element>;
};

/// Adds x·row to a vector of sums of a micro-tile. x: a broadcast element of A. row: a vector of a row of B.
template <class T, int N>
[[gnu::always_inline]] inline void accumulate(simd::Vec<T, N>& sum, const simd::Vec<T, N>& x,
                                              const simd::Vec<T, N>& row) {
  sum = fma(x, row, sum);
}

/// Adds A·B to the sums of a micro-tile, for Rows rows of A, Vectors vectors of columns of B, and k steps. Operand: the
/// type that MicroOperand gives.
template <class Operand, std::size_t Rows, std::size_t Vectors, class V, class Element, class Prefetch>
[[gnu::always_inline]] inline void micro_product(V (&sums)[Rows][Vectors], const MicroRows<Element>& a,
                                                 MicroColumns<Element> b, index_t k, Prefetch prefetch) {
  const Element* row_of_a[Rows];
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    row_of_a[r] = a.data + (r < a.count ? r : a.count - 1) * a.row_stride;
  });
  for (index_t p = 0, at = 0; p < k; ++p, at += a.step, b.data += b.stride) {
    prefetch.fetch();
    Operand row_of_b[Vectors];
    simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      row_of_b[v] = Operand::load(b.data + v * Operand::lanes);
    });
    simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      const Operand x = Operand::broadcast(row_of_a[r][at]);
      simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) { accumulate(sums[r][v], x, row_of_b[v]); });
    });
  }
}

template <std::size_t Rows, std::size_t Vectors, class V, class T>
[[gnu::always_inline]] inline void load_sums(V (&sums)[Rows][Vectors], const T* tile, index_t stride) {
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      sums[r][v] = V::load(tile + r * stride + v * V::lanes);
    });
  });
}

template <std::size_t Rows, std::size_t Vectors, class V, class T>
[[gnu::always_inline]] inline void store_sums(const V (&sums)[Rows][Vectors], T* tile, index_t stride) {
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    simd::unroll<Vectors>([&](auto v)
                              __attribute__((always_inline)) { sums[r][v].store(tile + r * stride + v * V::lanes); });
  });
}

/// Writes A·B to the first Vectors vectors of each row of a tile in memory, or adds it to them if `add` is true. The
/// tile's rows are Tile::columns apart.
template <int Vectors>
struct MicroKernel {
  template <class Arch, class T, class Element, class Prefetch>
  [[gnu::always_inline]] static void run(T* tile, bool add, MicroRows<Element> a, MicroColumns<Element> b, index_t k,
                                         Prefetch prefetch) {
    using Tile = MicroTile<Arch, T>;
    typename Tile::V sums[Tile::rows][core::usize(Vectors)] = {};
    if (add) load_sums(sums, tile, Tile::columns);
    micro_product<typename MicroOperand<Arch, Element>::type>(sums, a, b, k, prefetch);
    store_sums(sums, tile, Tile::columns);
  }
};

/// Calls f with the number of vectors that hold `columns` columns, as a compile-time constant. So a narrow last panel
/// takes only the time of the vectors that it has.
template <class Tile, class F>
[[gnu::always_inline]] inline void with_vectors(index_t columns, F f) {
  constexpr index_t lanes = Tile::V::lanes;
  simd::unroll<Tile::vectors>([&](auto v) __attribute__((always_inline)) {
    if (columns > v * lanes && columns <= (v + 1) * lanes) f(std::integral_constant<int, v + 1>());
  });
}

/// Runs the micro-kernel for the given number of columns.
template <class Arch, class T, class Element, class Prefetch>
[[gnu::always_inline]] inline void micro_kernel(index_t columns, T* tile, bool add, MicroRows<Element> a,
                                                MicroColumns<Element> b, index_t k, Prefetch prefetch) {
  with_vectors<MicroTile<Arch, T>>(
      columns, [&](auto vectors) __attribute__((always_inline)) {
        simd::call<MicroKernel<vectors>, Arch>(tile, add, a, b, k, prefetch);
      });
}

/// The place of a micro-tile in C: rows [i, i_end) and columns [j, j_end). first, last: true for the first and the last
/// block of k.
struct MicroPlace {
  index_t i, i_end, j, j_end;
  bool first, last;
};

/// Calls `store` with the sums in `tile`, vector by vector. At the edge of C, only with the part of the micro-tile that
/// is inside C.
template <class Tile, class T, class AnyStore>
[[gnu::always_inline]] inline void store_tile(const T* tile, const MicroPlace& place, AnyStore store) {
  using V = typename Tile::V;
  for (index_t row = place.i; row < place.i_end; ++row)
    simd::for_vectors<V>(
        place.j_end - place.j, [&](index_t c, auto part) __attribute__((always_inline)) {
          store(V::load(tile + (row - place.i) * Tile::columns + c), row, place.j + c, part);
        });
}

/// Stores a tile as an Epilogue says. This is a kernel of its own, so that GELU is compiled only once for all products.
template <class T>
struct StoreTile {
  template <class Arch>
  [[gnu::always_inline]] static void run(const T* tile, MicroPlace place, Epilogue<T> epilogue) {
    with_store(
        epilogue, [&](auto store)
                      __attribute__((always_inline)) { store_tile<MicroTile<Arch, T>>(tile, place, store); });
  }
};

template <class Arch, class T, class AnyStore>
[[gnu::always_inline]] inline void finish_tile(const T* tile, const MicroPlace& place, const AnyStore& store) {
  store_tile<MicroTile<Arch, T>>(tile, place, store);
}
template <class Arch, class T>
[[gnu::always_inline]] inline void finish_tile(const T* tile, const MicroPlace& place, const Epilogue<T>& epilogue) {
  simd::call<StoreTile<T>, Arch>(tile, place, epilogue);
}

/// Multiplies one micro-tile of C over one block of k. At the edge of C, only a part of the micro-tile exists. Between
/// blocks of k, `tile` holds the sums. After the last block, stores the sums: straight from registers if the tile is
/// whole and needs no activation, otherwise from `tile`. epilogue: an Epilogue, or a function object as in
/// epilogue_stores.hpp.
template <class Arch, class AnyEpilogue, class T, class Element, class Prefetch>
[[gnu::always_inline]] inline void micro_tile(const MicroPlace& place, T* tile, const MicroRows<Element>& a,
                                              const MicroColumns<Element>& b, index_t k, const Prefetch& prefetch,
                                              const AnyEpilogue& epilogue) {
  using Tile = MicroTile<Arch, T>;
  using V = typename Tile::V;
  if (a.count == Tile::rows && place.j_end - place.j == Tile::columns && stores_from_registers(epilogue)) {
    V sums[Tile::rows][Tile::vectors] = {};
    if (!place.first) load_sums(sums, tile, Tile::columns);
    micro_product<typename MicroOperand<Arch, Element>::type>(sums, a, b, k, prefetch);
    if (!place.last) return store_sums(sums, tile, Tile::columns);
    with_register_store(
        epilogue, [&](auto store) __attribute__((always_inline)) {
          simd::unroll<Tile::rows>([&](auto r) __attribute__((always_inline)) {
            simd::unroll<Tile::vectors>([&](auto v) __attribute__((always_inline)) {
              store(sums[r][v], place.i + r, place.j + v * V::lanes, simd::FullVector{});
            });
          });
        });
    return;
  }
  micro_kernel<Arch>(place.j_end - place.j, tile, !place.first, a, b, k, prefetch);
  if (place.last) finish_tile<Arch>(tile, place, epilogue);
}

/// Rows [first, last) and columns [column, column_end) of C, over a block of k of `depth` steps. begins, ends: true for
/// the first and the last block of k.
struct GemmBlock {
  index_t first, last, column, column_end, depth;
  bool begins, ends;
};

/// Multiplies a block micro-tile by micro-tile: all rows of A with one panel of B, which stays in L1, then the next
/// panel. This is the loop nest of every large product.
///   panels.columns(j)   returns the panel at column j; called once for each panel, in order
///   panels.prefetch(i)  returns what the micro-tile at row i of the block prefetches
///   tiles               memory of the sums between blocks of k: one tile for each micro-tile; or, if there is only one
///                       block, one tile that all micro-tiles use
template <class Arch, class T, class Element, class Panels>
[[gnu::always_inline]] inline void for_micro_tiles(const GemmBlock& block, const BlockRows<Element>& rows,
                                                   Panels& panels, T* tiles, const Epilogue<T>& epilogue) {
  using Tile = MicroTile<Arch, T>;
  const bool is_only = block.begins && block.ends;
  const index_t tile_rows = core::round_up(block.last - block.first, Tile::rows);
  for (index_t j = block.column; j < block.column_end; j += Tile::columns) {
    const MicroColumns<Element> columns = panels.columns(j);
    for (index_t i = block.first; i < block.last; i += Tile::rows) {
      const index_t row = i - block.first;
      const MicroPlace place{i,
                             std::min(i + Tile::rows, block.last),
                             j,
                             std::min(j + Tile::columns, block.column_end),
                             block.begins,
                             block.ends};
      T* tile = is_only ? tiles : tiles + (j - block.column) * tile_rows + row * Tile::columns;
      micro_tile<Arch>(place, tile, rows.tile(row, place.i_end - i), columns, block.depth, panels.prefetch(row),
                       epilogue);
    }
  }
}

/// Multiplies A by packed panels of B (k×n) that stay in the cache, and stores C (m×n). k: steps. Each micro-tile
/// prefetches what queue->next(k) returns. This is a kernel of its own, so that kernels with several products do not
/// inline the micro-tile several times. It has a loop of its own, because through for_micro_tiles the products of
/// attention over 33 tokens took 5 % longer with g++ 12 (AVX-512).
template <class T>
struct PackedProduct {
  template <class Arch, class Element, class Queue, class AnyStore>
  [[gnu::always_inline]] static void run(index_t m, index_t n, index_t k, BlockRows<Element> a, const Element* panels,
                                         Queue* queue, AnyStore store) {
    using Tile = MicroTile<Arch, T>;
    alignas(kAlignment) T tile[Tile::rows * Tile::columns];
    for (index_t j = 0; j < n; j += Tile::columns) {
      const MicroColumns<Element> panel{panels + j * k, Tile::columns};
      for (index_t i = 0; i < m; i += Tile::rows) {
        const MicroPlace place{i, std::min(i + Tile::rows, m), j, std::min(j + Tile::columns, n), true, true};
        const MicroRows<Element> rows{a.data + i * a.row_stride, a.row_stride, a.step, place.i_end - i};
        micro_tile<Arch>(place, &tile[0], rows, panel, k, queue->next(k), store);
      }
    }
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
