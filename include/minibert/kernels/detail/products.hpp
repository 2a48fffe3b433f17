// FullProducts multiplies operands as they are; Bf16Products and RoundedProducts round them to bfloat16. A kernel that
// multiplies takes one of these structs as its template parameter `Products`.
//
// Each struct has
//   Element                        type of packed operands; kStep: elements along k in a step of the micro-kernel
//   runs_on<Arch>                  true if kernels with this struct are compiled for Arch
//   Streamed                       tuning of the large product that reads operands in place (AVX-512); void if there is
//                                  none
//   depth(k)                       steps of a product over k elements
//   pack_panels<Tile>(…)           packs B (k×n) into panels: the panel at column j begins at packed + j·depth(k)
//   rows<Tile>(…)                  locates the rows of A (m×k) for a product of operands in the cache, in place if
//                                  possible. packed: memory of round_up(m, 16)·(k + 32) elements
//   block_rows<Tile>(…)            does the same for a block of A (m×k) that comes from memory, in the large product.
//                                  packed: memory of m·(round_up(k, 16) + 16) + 16 elements
//   packs_rows(a)                  true if block_rows packs A with AVX-512
#pragma once

#include <minibert/core/precision.hpp>
#include <minibert/kernels/detail/gemm_bf16.hpp>
#include <minibert/kernels/detail/gemm_pack.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Multiplies operands as they are.
template <class T>
struct FullProducts {
  template <class Arch>
  static constexpr bool runs_on = !std::is_same_v<Arch, simd::Avx512Bf16>;
  using Streamed = GemmTuning<simd::Avx512>;

  using Element = T;
  static constexpr index_t kStep = 1;
  static constexpr index_t depth(index_t k) noexcept { return k; }

  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(Element* packed, Matrix<T> b, index_t n, index_t k) {
    detail::pack_panels<Tile>(packed, b, n, k);
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<Element> rows(Element*, Matrix<T> a, index_t, index_t) {
    return {a.data, a.row_stride, a.column_stride, a.row_stride};
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<Element> block_rows(Element* packed, Matrix<T> a, index_t m, index_t k) {
    if constexpr (GemmTuning<typename Tile::arch>::kStreams) {
      if (!packs_rows(a)) return rows<Tile>(packed, a, m, k);
      const index_t stride = core::round_up(m, 16);
      pack_rows<typename Tile::V>(packed, stride, a, m, k);
      return {packed, 1, stride, 1};
    } else {
      if (a.column_stride == 1) return rows<Tile>(packed, a, m, k);
      return pack_strips<Tile>(packed, a, m, k);
    }
  }
  static bool packs_rows(const Matrix<T>& a) noexcept {
    return a.column_stride != 1 &&
           rows_until_collision(a.column_stride * static_cast<index_t>(sizeof(T))) < Streamed::kCollidingColumns;
  }
};

/// Rounds operands to bfloat16, multiplies them and sums in float, with the instruction vdpbf16ps.
struct Bf16Products {
  template <class Arch>
  static constexpr bool runs_on = std::is_same_v<Arch, simd::Avx512Bf16>;
  using Streamed = GemmTuning<simd::Avx512Bf16>;

  using Element = Bf16Pair;
  static constexpr index_t kStep = 2;
  static constexpr index_t depth(index_t k) noexcept { return num_pairs(k); }

  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(Element* packed, Matrix<float> b, index_t n, index_t k) {
    pack_bf16_panels<Tile>(packed, b, n, k);
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<Element> rows(Element* packed, Matrix<float> a, index_t m, index_t k) {
    const bool by_rows = a.column_stride == 1;
    // 16 more elements put neighbouring rows into different cache sets.
    const index_t stride = by_rows ? core::round_up(num_pairs(k), 16) + 16 : core::round_up(m, 16);
    pack_bf16_rows<typename Tile::arch>(packed, stride, a, m, k);
    return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, by_rows ? stride : 1};
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<Element> block_rows(Element* packed, Matrix<float> a, index_t m, index_t k) {
    return rows<Tile>(packed, a, m, k);
  }
  static bool packs_rows(const Matrix<float>&) noexcept { return true; }
};

/// Multiplies operands rounded to bfloat16, as floats, on processors without the instruction vdpbf16ps. As fast as
/// float products with AVX2. Not compiled for AVX-512: without native bf16 nothing is gained, and every including unit
/// would have to compile it.
struct RoundedProducts {
  template <class Arch>
  static constexpr bool runs_on = !GemmTuning<Arch>::kStreams;
  using Streamed = void;

  using Element = float;
  static constexpr index_t kStep = 1;
  static constexpr index_t depth(index_t k) noexcept { return k; }

  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(float* packed, Matrix<float> b, index_t n, index_t k) {
    detail::pack_panels<Tile>(packed, b, n, k);
    for (index_t j = 0; j < n; j += Tile::columns) {
      const index_t columns = core::round_up(std::min(Tile::columns, n - j), Tile::V::lanes);
      for (index_t p = 0; p < k; ++p) round_to_bf16<typename Tile::V>(packed + j * k + p * Tile::columns, columns);
    }
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<float> rows(float* packed, Matrix<float> a, index_t m, index_t k) {
    using V = typename Tile::V;
    const bool by_rows = a.column_stride == 1;
    // 16 more elements put neighbouring rows into different cache sets.
    const index_t stride = core::round_up(by_rows ? k : m, 16) + (by_rows ? 16 : 0);
    pack_rows<V>(packed, stride, by_rows ? a.transposed() : a, by_rows ? k : m, by_rows ? m : k);
    round_to_bf16<V>(packed, stride * (by_rows ? m : k));
    return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, by_rows ? stride : 1};
  }
  template <class Tile>
  [[gnu::always_inline]] static BlockRows<float> block_rows(float* packed, Matrix<float> a, index_t m, index_t k) {
    if (a.column_stride == 1) return rows<Tile>(packed, a, m, k);
    const BlockRows<float> strips = pack_strips<Tile>(packed, a, m, k);
    round_to_bf16<typename Tile::V>(packed, core::round_up(m, Tile::rows) * strips.tile_stride);
    return strips;
  }
};

/// Calls f with the struct, of the three above, for the given precision on this processor. Types other than float are
/// always multiplied as they are.
template <class T, class F>
void with_products(Precision precision, F f) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) {
#ifdef MINIBERT_HAS_BF16_KERNELS
      if (simd::isa() == simd::Isa::avx512_bf16) return f(Bf16Products());
#endif
      return f(RoundedProducts());
    }
  }
  f(FullProducts<T>());
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
