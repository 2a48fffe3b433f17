// Matrix products of bfloat16 with sums in float. An element of the packed operands is a pair: rows 2p and 2p + 1 of
// B, or columns of A, rounded to bfloat16, the first in the low half; a row beyond the last is zero. One instruction,
// vdpbf16ps, multiplies and adds both. Where the processor has it not, the halves are multiplied one after the other in
// float: as exact, and slower than products in float.
#pragma once

#include <algorithm>
#include <cstring>

#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/simd/transpose.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// The lanes rounded to bfloat16, to nearest even, in the upper halves; NaN stays NaN.
template <int N>
[[gnu::always_inline]] inline simd::Vec<std::uint32_t, N> round_to_bf16(const simd::Vec<float, N>& x) {
  const auto bits = simd::bit_cast<std::uint32_t>(x);
  const decltype(bits) odd{(bits.v >> 16) & 1u}, rounded{bits.v + odd.v + 0x7FFFu}, quiet{bits.v | 0x400000u};
  return {(x.v == x.v) ? rounded.v : quiet.v};
}

template <int N>
[[gnu::always_inline]] inline simd::Vec<Bf16Pair, N> bf16_pairs(const simd::Vec<float, N>& first,
                                                                const simd::Vec<float, N>& second) {
  return {(round_to_bf16(first).v >> 16) | (round_to_bf16(second).v & 0xFFFF0000u)};
}

/// Pairs of `columns` from rows p and p + 1 of a row-major matrix; `second` false: there is no row p + 1.
template <class V, class Store>
[[gnu::always_inline]] inline void pair_rows(const float* row, index_t stride, bool second, index_t columns,
                                             Store store) {
  simd::for_vectors<V>(columns, [&](index_t c, auto part) __attribute__((always_inline)) {
    store(c, bf16_pairs(part.template load<V>(row + c),
                        simd::load_or_zero<V>(row + (second ? stride : 0) + c, second, part)),
          part);
  });
}

/// Pairs of neighbours of one row, `count` at most two vectors: those from index 0, 2, 4, …
template <class V, std::size_t... I>
[[gnu::always_inline]] inline simd::Vec<Bf16Pair, V::lanes> pair_neighbours(const float* row, index_t count,
                                                                            std::index_sequence<I...>) {
  constexpr index_t lanes = V::lanes;
  const V a = count >= lanes ? V::load(row) : V::load(row, count);
  V b{};
  if (count >= 2 * lanes)
    b = V::load(row + lanes);
  else if (count > lanes)
    b = V::load(row + lanes, count - lanes);
  const V even{__builtin_shufflevector(a.v, b.v, static_cast<int>(2 * I)...)};
  const V odd{__builtin_shufflevector(a.v, b.v, static_cast<int>(2 * I + 1)...)};
  return bf16_pairs(even, odd);
}
template <class V>
[[gnu::always_inline]] inline simd::Vec<Bf16Pair, V::lanes> pair_neighbours(const float* row, index_t count) {
  return pair_neighbours<V>(row, count, std::make_index_sequence<V::lanes>());
}

constexpr index_t num_pairs(index_t k) noexcept { return (k + 1) / 2; }

/// `count` rows of Bᵗ, of pairs of neighbours, into as many columns of a panel, at most a vector of them.
template <class Tile>
[[gnu::always_inline]] inline void pack_bf16_panel_columns(Bf16Pair* to, const float* source, index_t stride,
                                                           index_t count, index_t k) {
  using V = typename Tile::V;
  constexpr index_t lanes = V::lanes;
  for (index_t p = 0; p < num_pairs(k); p += lanes) {
    simd::Vec<Bf16Pair, V::lanes> square[V::lanes];
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
      square[r] = simd::Vec<Bf16Pair, V::lanes>{};
      if (r < count) square[r] = pair_neighbours<V>(source + r * stride + 2 * p, k - 2 * p);
    });
    simd::transpose(square);
    const index_t rows = std::min(lanes, num_pairs(k) - p);
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
      if (r < rows) square[r].store(to + (p + r) * Tile::columns);
    });
  }
}

/// B (k×n) into panels of pairs: the one that starts at column j lies at packed + j·num_pairs(k).
template <class Tile>
[[gnu::always_inline]] inline void pack_bf16_panels(Bf16Pair* packed, Matrix<float> b, index_t n, index_t k) {
  using V = typename Tile::V;
  for (index_t j = 0; j < n; j += Tile::columns) {
    Bf16Pair* panel = packed + j * num_pairs(k);
    const index_t columns = std::min(Tile::columns, n - j);
    if (b.column_stride == 1) {
      for (index_t p = 0; p < k; p += 2, panel += Tile::columns)
        pair_rows<V>(b.data + p * b.row_stride + j, b.row_stride, p + 1 < k, columns,
                     [&](index_t c, const auto& pairs, auto) __attribute__((always_inline)) { pairs.store(panel + c); });
    } else {
      for (index_t c = 0; c < columns; c += V::lanes)
        pack_bf16_panel_columns<Tile>(panel + c, b.data + (j + c) * b.column_stride, b.column_stride,
                                      std::min<index_t>(columns - c, V::lanes), k);
    }
  }
}

/// Columns [begin, end) of B, all k rows, into the panels of packed.
struct PackBf16Columns {
  template <class Arch>
  [[gnu::always_inline]] static void run(Bf16Pair* packed, Matrix<float> b, index_t begin, index_t end, index_t k) {
    const Matrix<float> columns{b.data + begin * b.column_stride, b.row_stride, b.column_stride};
    pack_bf16_panels<MicroTile<Arch, float>>(packed + begin * num_pairs(k), columns, end - begin, k);
  }
};

/// Rows [first, last) of A and its columns [begin, end) as pairs: of row-major A (r, p) at r·stride + p, else at
/// p·stride + r; stride is a multiple of 16.
template <class V>
[[gnu::always_inline]] inline void pack_bf16_rows(Bf16Pair* packed, index_t stride, Matrix<float> a, index_t first,
                                                  index_t last, index_t begin, index_t end) {
  if (a.column_stride == 1) {
    for (index_t r = first; r < last; ++r, packed += stride)
      for (index_t p = begin; p < end; p += 2 * V::lanes)
        pair_neighbours<V>(a.data + r * a.row_stride + p, end - p).store(packed + (p - begin) / 2);
  } else {
    for (index_t p = begin; p < end; p += 2, packed += stride)
      pair_rows<V>(a.data + p * a.column_stride + first, a.column_stride, p + 1 < end, last - first,
                   [&](index_t r, const auto& pairs, auto part)
                   __attribute__((always_inline)) { part.store(pairs, packed + r); });
  }
}

/// Products of bfloat16 for a kernel that multiplies blocks of its own: as FullProducts.
struct Bf16Products {
  using Element = Bf16Pair;
  static constexpr index_t depth(index_t k) noexcept { return num_pairs(k); }
  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(Element* packed, Matrix<float> b, index_t n, index_t k) {
    pack_bf16_panels<Tile>(packed, b, n, k);
  }
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<Element> rows(Element* scratch, Matrix<float> a, index_t m, index_t k) {
    const bool by_rows = a.column_stride == 1;
    const index_t stride = by_rows ? round_up(num_pairs(k), 16) : round_up(m, 16);
    pack_bf16_rows<typename Tile::V>(scratch, stride, a, 0, m, 0, k);
    return {scratch, by_rows ? stride : 1, by_rows ? 1 : stride, m};
  }
};

#if defined(__x86_64__)
#define MINIBERT_BF16_TARGET target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")

/// The micro-kernel in instructions of the processor's own. A function with this target can be forced inline only into
/// others that have it, so nothing here is shared with the other micro-kernels; and the instruction is written out,
/// since <immintrin.h> would cost every unit that includes us 0.3 s.
class NativeBf16 {
  typedef float Sums __attribute__((vector_size(64)));
  typedef Bf16Pair Pairs __attribute__((vector_size(64)));

 public:
  template <int Vectors>
  __attribute__((MINIBERT_BF16_TARGET, noinline)) static void run(float* tile, index_t tile_stride, bool add,
                                                                  MicroRows<Bf16Pair> a, MicroColumns<Bf16Pair> b,
                                                                  index_t k, MicroAhead ahead) noexcept {
    run(tile, tile_stride, add, a, b, k, ahead, std::make_integer_sequence<int, kMicroRows>(),
        std::make_integer_sequence<int, Vectors>());
  }

 private:
  template <int... R, int... C>
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static void run(
      float* tile, index_t tile_stride, bool add, MicroRows<Bf16Pair> a, MicroColumns<Bf16Pair> b, index_t k,
      MicroAhead ahead, std::integer_sequence<int, R...> rows, std::integer_sequence<int, C...> columns) {
    Sums sums[sizeof...(R)][sizeof...(C)] = {};
    if (add) (load(sums[R], tile + R * tile_stride, columns), ...);
    const Bf16Pair* row_of_a[] = {a.data + (R < a.count ? R : a.count - 1) * a.row_stride...};
    const char* fetched = static_cast<const char*>(ahead.data);
    for (index_t p = 0, at = 0; p < k; ++p, at += a.step, b.data += b.stride, fetched += ahead.stride) {
      __builtin_prefetch(fetched, 0, 2);
      const Pairs row_of_b[] = {load(b.data + C * 16)...};
      (add_row(sums[R], row_of_a[R][at], row_of_b, columns), ...);
    }
    (store(sums[R], tile + R * tile_stride, columns), ...);
    static_cast<void>(rows);
  }

  template <int N, int... C>
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static void add_row(Sums (&sums)[N], Bf16Pair of_a,
                                                                           const Pairs (&row_of_b)[N],
                                                                           std::integer_sequence<int, C...>) {
    const Pairs x = of_a - Pairs{};
    (add_product(sums[C], x, row_of_b[C]), ...);
  }
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static void add_product(Sums& sum, const Pairs& x,
                                                                               const Pairs& row) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(row));
  }
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static Pairs load(const Bf16Pair* p) {
    Pairs x;
    std::memcpy(&x, p, sizeof(x));
    return x;
  }
  template <int N, int... C>
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static void load(Sums (&sums)[N], const float* p,
                                                                        std::integer_sequence<int, C...>) {
    (std::memcpy(&sums[C], p + C * 16, sizeof(Sums)), ...);
  }
  template <int N, int... C>
  __attribute__((MINIBERT_BF16_TARGET, always_inline)) static void store(const Sums (&sums)[N], float* p,
                                                                         std::integer_sequence<int, C...>) {
    (std::memcpy(p + C * 16, &sums[C], sizeof(Sums)), ...);
  }
};
#undef MINIBERT_BF16_TARGET
#endif

/// The micro-kernel for as many columns as there are.
template <class Arch, class T>
[[gnu::always_inline]] inline void micro_kernel(index_t columns, T* tile, bool add, MicroRows<Bf16Pair> a,
                                                MicroColumns<Bf16Pair> b, index_t k, MicroAhead ahead) {
  using Tile = MicroTile<Arch, T>;
  with_vectors<Tile>(columns, [&](auto vectors) __attribute__((always_inline)) {
#if defined(__x86_64__)
    if constexpr (std::is_same_v<Arch, simd::Avx512>)
      if (simd::isa() == simd::Isa::avx512_bf16)
        return NativeBf16::run<vectors>(tile, Tile::columns, add, a, b, k, ahead);
#endif
    simd::call<MicroKernel<vectors>, Arch>(tile, add, a, b, k, ahead);
  });
}

/// Rows [first, last) of C, at most kRowChunk, and columns [column, column_end), of packed columns of B.
struct GemmBf16Rows {
  template <class Arch, class Epilogue>
  [[gnu::always_inline]] static void run(index_t first, index_t last, index_t column, index_t column_end, index_t k,
                                         Matrix<float> a, const Bf16Pair* packed_b, float* scratch,
                                         Epilogue epilogue) {
    using Tile = MicroTile<Arch, float>;
    const index_t block = block_of(k), pairs = num_pairs(k);
    const bool by_rows = a.column_stride == 1;
    Bf16Pair* packed_a = reinterpret_cast<Bf16Pair*>(scratch);
    float* tiles = scratch + kRowChunk * row_stride(block);
    for (index_t p = 0; p == 0 || p < pairs; p += block) {
      const index_t depth = std::min(block, pairs - p);
      const index_t stride = by_rows ? row_stride(block) : kRowChunk;
      pack_bf16_rows<typename Tile::V>(packed_a, stride, a, first, last, 2 * p, std::min(2 * (p + depth), k));
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const MicroColumns<Bf16Pair> panel{packed_b + j * pairs + p * Tile::columns, Tile::columns};
        const Bf16Pair* next = panel.data + (j + Tile::columns < column_end ? Tile::columns * pairs : 0);
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{i,      std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end),
                                 p == 0, p + block >= pairs};
          const index_t row = i - first, line = row / Tile::rows % Tile::vectors * Tile::V::lanes;
          const MicroRows<Bf16Pair> piece{packed_a + row * (by_rows ? stride : 1), by_rows ? stride : 1,
                                          by_rows ? 1 : stride, place.i_end - i};
          micro_tile<Arch>(place, tiles + (j - column) * kRowChunk + row * Tile::columns, piece, panel, depth,
                           MicroAhead{next + line, Tile::columns * static_cast<index_t>(sizeof(Bf16Pair))}, epilogue);
        }
      }
    }
  }

  /// Elements of scratch memory of one chunk: rows of A, and tiles between blocks of k.
  static index_t workspace(index_t n, index_t k) {
    return kRowChunk * (row_stride(block_of(k)) + round_up(n, kMaxTileColumns));
  }

 private:
  static index_t block_of(index_t k) { return DepthBlocks<float>(num_pairs(k), false).length; }
  static index_t row_stride(index_t block) { return round_up(block, 16) + 16; }  // rows in different sets of the cache
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
