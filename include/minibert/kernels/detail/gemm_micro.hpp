// The micro-tile: the only loop of the library that has to reach the processor's peak.
#pragma once

#include <algorithm>
#include <cstdint>

#include <minibert/core/aligned_buffer.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/scratch.hpp>
#include <minibert/kernels/matrix.hpp>
#include <minibert/simd/dispatch.hpp>
#include <minibert/simd/part.hpp>
#include <minibert/simd/unroll.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

inline constexpr int kMicroRows = 6;

/// Rows × (vectors of columns) of C kept in registers: 6×4 of 32 registers, 6×2 of 16; the others hold a row of B and a
/// broadcast element of A. At depths from 128 to 3,072 6×4 reached 97 to 99 % of the FMA peak, 8×3 and 12×2 one less.
template <class Arch, class T>
struct MicroTile {
  using arch = Arch;
  using V = typename Arch::template vec<T>;
  static constexpr int rows = kMicroRows;
  static constexpr int vectors = Arch::registers == 32 ? 4 : 2;
  static constexpr index_t columns = vectors * V::lanes;
};
inline constexpr index_t kMaxTileColumns = 64;  // a multiple of every tile's columns: 64, 32, 16, 8, 4

/// The length of the blocks that a sum of `depth` steps is cut into, of about `most`.
inline index_t depth_block(index_t depth, index_t most) noexcept {
  const index_t count = depth <= most + most / 2 ? 1 : num_chunks(depth, most);
  return std::max<index_t>((depth + count - 1) / count, 1);
}

/// A piece of A as the micro-kernel reads it: element (r, p) at data[r·row_stride + p·step]. Rows from `count` on
/// repeat the last one.
template <class Element>
struct MicroRows {
  const Element* data;
  index_t row_stride, step, count;
};

/// A micro-tile's columns of B: row p begins at data[p·stride].
template <class Element>
struct MicroColumns {
  const Element* data;
  index_t stride;
};

/// What will be read soon and is fetched on the way: one cache line for each row of B.
struct MicroAhead {
  std::uintptr_t at;  // a number: it may pass the end of an array
  index_t stride;     // bytes

  MicroAhead(const void* data, index_t stride_) : at(reinterpret_cast<std::uintptr_t>(data)), stride(stride_) {}
  [[gnu::always_inline]] void fetch() {
    __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
    at += static_cast<std::uintptr_t>(stride);
  }
};

/// Nothing: where all is in the cache, one in 20 of the products of an AVX2 processor was lost to fetching.
struct NothingAhead {
  [[gnu::always_inline]] void fetch() {}
};

/// A vector of elements as the micro-kernel multiplies them: `accumulate` below, or one of its own.
template <class Arch, class Element>
struct MicroOperand {
  using type = typename Arch::template vec<Element>;
};

/// sum += x·(a row of B), one vector.
template <class T, int N>
[[gnu::always_inline]] inline void accumulate(simd::Vec<T, N>& sum, const simd::Vec<T, N>& x,
                                              const simd::Vec<T, N>& row) {
  sum = fma(x, row, sum);
}

/// sums += rows of A · the first Vectors vectors of columns of B, k elements deep; Operand is a vector of elements.
template <class Operand, int Rows, int Vectors, class V, class Element, class Ahead>
[[gnu::always_inline]] inline void micro_product(V (&sums)[Rows][Vectors], const MicroRows<Element>& a,
                                                 MicroColumns<Element> b, index_t k, Ahead ahead) {
  const Element* row_of_a[Rows];
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    row_of_a[r] = a.data + (r < a.count ? r : a.count - 1) * a.row_stride;
  });
  for (index_t p = 0, at = 0; p < k; ++p, at += a.step, b.data += b.stride) {
    ahead.fetch();
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

template <int Rows, int Vectors, class V, class T>
[[gnu::always_inline]] inline void load_sums(V (&sums)[Rows][Vectors], const T* tile, index_t stride) {
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    simd::unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      sums[r][v] = V::load(tile + r * stride + v * V::lanes);
    });
  });
}

template <int Rows, int Vectors, class V, class T>
[[gnu::always_inline]] inline void store_sums(const V (&sums)[Rows][Vectors], T* tile, index_t stride) {
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    simd::unroll<Vectors>([&](auto v)
                              __attribute__((always_inline)) { sums[r][v].store(tile + r * stride + v * V::lanes); });
  });
}

/// tile = sums, or tile += sums, its rows Tile::columns apart; of them the first Vectors vectors.
template <int Vectors>
struct MicroKernel {
  template <class Arch, class T, class Element, class Ahead>
  [[gnu::always_inline]] static void run(T* tile, bool add, MicroRows<Element> a, MicroColumns<Element> b, index_t k,
                                         Ahead ahead) {
    using Tile = MicroTile<Arch, T>;
    typename Tile::V sums[Tile::rows][Vectors] = {};
    if (add) load_sums(sums, tile, Tile::columns);
    micro_product<typename MicroOperand<Arch, Element>::type>(sums, a, b, k, ahead);
    store_sums(sums, tile, Tile::columns);
  }
};

/// Calls f(how many vectors hold `columns` columns), a constant: a narrow last panel costs what it holds.
template <class Tile, class F>
[[gnu::always_inline]] inline void with_vectors(index_t columns, F f) {
  constexpr index_t lanes = Tile::V::lanes;
  simd::unroll<Tile::vectors>([&](auto v) __attribute__((always_inline)) {
    if (columns > v * lanes && columns <= (v + 1) * lanes) f(std::integral_constant<int, v + 1>());
  });
}

/// The micro-kernel for as many columns as there are.
template <class Arch, class T, class Element, class Ahead>
[[gnu::always_inline]] inline void micro_kernel(index_t columns, T* tile, bool add, MicroRows<Element> a,
                                                MicroColumns<Element> b, index_t k, Ahead ahead) {
  with_vectors<MicroTile<Arch, T>>(
      columns, [&](auto vectors) __attribute__((always_inline)) {
        simd::call<MicroKernel<vectors>, Arch>(tile, add, a, b, k, ahead);
      });
}

/// Which piece of C a micro-tile is, and which block of the sum over k.
struct MicroPlace {
  index_t i, i_end, j, j_end;
  bool first, last;
};

/// At most a micro-tile of C, over one block of k. The sums of all blocks but the last go to `tile`; then the epilogue
/// gets them: from registers where it is cheap, else from the tile, so that one micro-kernel serves all epilogues.
template <class Arch, class Epilogue, class T, class Element, class Ahead>
[[gnu::always_inline]] inline void micro_tile(const MicroPlace& place, T* tile, const MicroRows<Element>& a,
                                              const MicroColumns<Element>& b, index_t k, const Ahead& ahead,
                                              Epilogue& epilogue) {
  using Tile = MicroTile<Arch, T>;
  using V = typename Tile::V;
  if constexpr (Epilogue::in_registers) {
    if (a.count == Tile::rows && place.j_end - place.j == Tile::columns) {
      V sums[Tile::rows][Tile::vectors] = {};
      if (!place.first) load_sums(sums, tile, Tile::columns);
      micro_product<typename MicroOperand<Arch, Element>::type>(sums, a, b, k, ahead);
      if (!place.last) return store_sums(sums, tile, Tile::columns);
      simd::unroll<Tile::rows>([&](auto r) __attribute__((always_inline)) {
        simd::unroll<Tile::vectors>([&](auto v) __attribute__((always_inline)) {
          epilogue(sums[r][v], place.i + r, place.j + v * V::lanes, simd::FullVector{});
        });
      });
      return;
    }
  }
  micro_kernel<Arch>(place.j_end - place.j, tile, !place.first, a, b, k, ahead);
  if (!place.last) return;
  for (index_t row = place.i; row < place.i_end; ++row)
    simd::for_vectors<V>(
        place.j_end - place.j, [&](index_t c, auto part) __attribute__((always_inline)) {
          epilogue(V::load(tile + (row - place.i) * Tile::columns + c), row, place.j + c, part);
        });
}

/// epilogue(A·B) for m rows of A and panels of B (k×n) that stay in the cache; k: steps. Each micro-tile fetches what
/// ahead->next(k) says. A kernel of its own: the micro-tile is not written out for each product of a kernel that calls
/// it.
template <class T>
struct PackedProduct {
  template <class Arch, class Element, class Ahead, class Epilogue>
  [[gnu::always_inline]] static void run(index_t m, index_t n, index_t k, MicroRows<Element> a, const Element* panels,
                                         Ahead* ahead, Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    alignas(kAlignment) T tile[Tile::rows * Tile::columns];
    for (index_t j = 0; j < n; j += Tile::columns) {
      const MicroColumns<Element> panel{panels + j * k, Tile::columns};
      for (index_t i = 0; i < m; i += Tile::rows) {
        const MicroPlace place{i, std::min(i + Tile::rows, m), j, std::min(j + Tile::columns, n), true, true};
        const MicroRows<Element> rows{a.data + i * a.row_stride, a.row_stride, a.step, place.i_end - i};
        micro_tile<Arch>(place, &tile[0], rows, panel, k, ahead->next(k), epilogue);
      }
    }
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
