// Packs operands for processors that multiply bfloat16 and sum in float. Rounds the elements to bfloat16 and pairs
// neighbours along k: (2p, j) and (2p + 1, j) of B, or (r, 2p) and (r, 2p + 1) of A. The first element is in the low
// half of the pair. If k is odd, the second element of the last pair is zero. In each lane, the instruction vdpbf16ps
// multiplies a pair of A by a pair of B, element by element, and adds both products to a float sum.
#pragma once

#include <algorithm>
#include <cstring>

#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/simd/transpose.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Two neighbours along k as bfloat16, the first in the low half.
using Bf16Pair = std::uint32_t;

/// Rounds floats to bfloat16 and pairs them: rows() pairs two rows of B, neighbours() pairs neighbours in a row of A.
template <class Arch>
struct Bf16Rounding;

#ifdef MINIBERT_HAS_BF16_KERNELS
// Inline assembly: <immintrin.h> would cost every including unit 0.3 s of compile time.

/// Uses the processor's instruction for rounding. The instruction flushes denormal numbers to zero, as vdpbf16ps does.
template <>
struct Bf16Rounding<simd::Avx512Bf16> {
  using V = simd::Avx512::vec<float>;
  using Pairs = simd::Avx512::vec<Bf16Pair>;

  [[gnu::always_inline]] static Pairs rows(const V& first, const V& second) {
    return rows(neighbours(first, second), std::make_integer_sequence<int, 2 * Pairs::lanes>());
  }
  /// Returns the pairs of neighbours in a, then the pairs of neighbours in b.
  [[gnu::always_inline]] static Pairs neighbours(const V& a, const V& b) {
    Pairs pairs;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(pairs.v) : "v"(a.v), "v"(b.v));
    return pairs;
  }

 private:
  /// Interleaves the lower half of a register with the upper half: elements 0, 16, 1, 17, …
  template <int... I>
  [[gnu::always_inline]] static Pairs rows(const Pairs& rounded, std::integer_sequence<int, I...>) {
    typedef std::uint16_t Halves __attribute__((vector_size(64)));
    Halves halves;
    std::memcpy(&halves, &rounded.v, sizeof(halves));
    halves = __builtin_shufflevector(halves, halves, (I % 2 * Pairs::lanes + I / 2)...);
    Pairs pairs;
    std::memcpy(&pairs.v, &halves, sizeof(halves));
    return pairs;
  }
};

/// The operand type with which the micro-kernel multiplies pairs, see MicroOperand.
struct NativePairs {
  using V = simd::Avx512::vec<Bf16Pair>;
  static constexpr int lanes = V::lanes;
  V pairs;
  [[gnu::always_inline]] static NativePairs load(const Bf16Pair* p) { return {V::load(p)}; }
  [[gnu::always_inline]] static NativePairs broadcast(Bf16Pair pair) { return {V::broadcast(pair)}; }
};
[[gnu::always_inline]] inline void accumulate(simd::Avx512::vec<float>& sum, const NativePairs& x,
                                              const NativePairs& row) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum.v) : "v"(x.pairs.v), "v"(row.pairs.v));
}
template <>
struct MicroOperand<simd::Avx512Bf16, Bf16Pair> {
  using type = NativePairs;
};
#endif

/// Pairs `row` with the next row, `stride` elements after it. Calls store(c, pairs, part) for each vector of the
/// `columns` columns; c: the vector's first column. second: false if there is no next row; then pairs `row` with zeros.
template <class Arch, class Store>
[[gnu::always_inline]] inline void pair_rows(const float* row, index_t stride, bool second, index_t columns,
                                             Store store) {
  using V = typename Arch::template vec<float>;
  simd::for_vectors<V>(
      columns, [&](index_t c, auto part) __attribute__((always_inline)) {
        store(c,
              Bf16Rounding<Arch>::rows(part.template load<V>(row + c),
                                       simd::load_or_zero<V>(row + (second ? stride : 0) + c, second, part)),
              part);
      });
}

/// Returns the pairs (0, 1), (2, 3), … of the first `count` elements of a row, or of the first two vectors if count is
/// larger.
template <class Arch>
[[gnu::always_inline]] inline typename Arch::template vec<Bf16Pair> pair_neighbours(const float* row, index_t count) {
  using V = typename Arch::template vec<float>;
  constexpr index_t lanes = V::lanes;
  const V a = count >= lanes ? V::load(row) : V::load(row, count);
  V b{};
  if (count >= 2 * lanes)
    b = V::load(row + lanes);
  else if (count > lanes)
    b = V::load(row + lanes, count - lanes);
  return Bf16Rounding<Arch>::neighbours(a, b);
}

/// Returns the number of pairs of k elements.
constexpr index_t num_pairs(index_t k) noexcept { return core::ceil_div(k, 2); }

/// Packs `count` rows of Bᵗ (k elements each) as pairs into `count` columns of a panel. count: at most the lanes of a
/// vector. stride: elements from one row of Bᵗ to the next.
template <class Tile>
[[gnu::always_inline]] inline void pack_bf16_panel_columns(Bf16Pair* to, const float* source, index_t stride,
                                                           index_t count, index_t k) {
  using V = typename Tile::V;
  constexpr index_t lanes = V::lanes;
  for (index_t p = 0; p < num_pairs(k); p += lanes) {
    simd::Vec<Bf16Pair, V::lanes> square[V::lanes];
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
      square[r] = simd::Vec<Bf16Pair, V::lanes>{};
      if (r < count) square[r] = pair_neighbours<typename Tile::arch>(source + r * stride + 2 * p, k - 2 * p);
    });
    simd::transpose(square);
    const index_t rows = std::min(lanes, num_pairs(k) - p);
    simd::unroll<V::lanes>([&](auto r) __attribute__((always_inline)) {
      if (r < rows) square[r].store(to + (p + r) * Tile::columns);
    });
  }
}

/// Packs B (k×n) into panels of pairs: the panel at column j begins at packed + j·num_pairs(k).
template <class Tile>
[[gnu::always_inline]] inline void pack_bf16_panels(Bf16Pair* packed, Matrix<float> b, index_t n, index_t k) {
  using V = typename Tile::V;
  for (index_t j = 0; j < n; j += Tile::columns) {
    Bf16Pair* panel = packed + j * num_pairs(k);
    const index_t columns = std::min(Tile::columns, n - j);
    if (b.column_stride == 1) {
      for (index_t p = 0; p < k; p += 2, panel += Tile::columns)
        pair_rows<typename Tile::arch>(
            b.data + p * b.row_stride + j, b.row_stride, p + 1 < k,
            columns, [&](index_t c, const auto& pairs, auto) __attribute__((always_inline)) {
              pairs.store(panel + c);
            });
    } else {
      for (index_t c = 0; c < columns; c += V::lanes)
        pack_bf16_panel_columns<Tile>(panel + c, b.data + (j + c) * b.column_stride, b.column_stride,
                                      std::min<index_t>(columns - c, V::lanes), k);
    }
  }
}

/// Packs A (m×k) as pairs. Writes pair p of row r to packed[r·stride + p] if rows of A are contiguous, otherwise to
/// packed[p·stride + r]. stride: a multiple of 16.
struct PackBf16Rows {
  template <class Arch>
  static constexpr bool runs_on = std::is_same_v<Arch, simd::Avx512Bf16>;

  template <class Arch>
  [[gnu::always_inline]] static void run(Bf16Pair* packed, index_t stride, Matrix<float> a, index_t m, index_t k) {
    if (a.column_stride == 1) {
      for (index_t r = 0; r < m; ++r, packed += stride)
        for (index_t p = 0; p < k; p += 2 * Arch::template lanes<float>)
          pair_neighbours<Arch>(a.data + r * a.row_stride + p, k - p).store(packed + p / 2);
    } else {
      for (index_t p = 0; p < k; p += 2, packed += stride)
        pair_rows<Arch>(
            a.data + p * a.column_stride, a.column_stride, p + 1 < k,
            m, [&](index_t r, const auto& pairs, auto part) __attribute__((always_inline)) {
              part.store(pairs, packed + r);
            });
    }
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
