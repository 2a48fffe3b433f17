// PlainProducts multiplies numbers as they are, or rounded to bfloat16; Bf16Products multiplies pairs of bfloat16. A
// kernel that multiplies takes one of these structs as its first argument, `products`.
//
// Each struct has
//   Element                        type of packed operands; kStep: elements along k in a step of the micro-kernel
//   runs_on<Arch>                  true if kernels with this struct are compiled for Arch
//   Streamed                       tuning of the large product with AVX-512
//   depth(k)                       steps of a product over k elements
//   pack_panels<Tile>(…)           packs B (k×n) into panels: the panel at column j begins at packed + j·depth(k)
//   rows<Tile>(…)                  locates the rows of A (m×k) for a product of operands in the cache, in place if
//                                  possible. packed: memory of round_up(m, 16)·(k + 32) elements
//   block_rows<Tile>(…)            does the same for a block of A (m×k) that comes from memory, in the large product.
//                                  packed: memory of m·(round_up(k, 16) + 16) + 16 elements
//   packs_rows(a)                  true if block_rows packs A with AVX-512
//   reads_in_place()               true if panels of B may be read in place
#pragma once

#include <minibert/core/precision.hpp>
#include <minibert/kernels/detail/gemm_bf16.hpp>
#include <minibert/kernels/detail/gemm_pack.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Packs A (m×k) like pack_rows, but row by row if rows of A are contiguous, and rounds it to bfloat16. stride: a
/// multiple of 16, from one packed row or column to the next.
struct PackRoundedRows {
  template <class Arch>
  [[gnu::always_inline]] static void run(float* packed, index_t stride, Matrix<float> a, index_t m, index_t k) {
    using V = typename Arch::template vec<float>;
    const bool by_rows = a.column_stride == 1;
    pack_rows<V>(packed, stride, by_rows ? a.transposed() : a, by_rows ? k : m, by_rows ? m : k);
    round_to_bf16<V>(packed, stride * (by_rows ? m : k));
  }
};

/// Multiplies numbers of type T. If rounds_to_bf16 is true (float only), rounds operands to bfloat16 while packing
/// them. This is Precision::bf16 on processors without the instruction vdpbf16ps. It is no faster than Precision::full.
template <class T>
struct PlainProducts {
  bool rounds_to_bf16 = false;

  template <class Arch>
  static constexpr bool runs_on = !std::is_same_v<Arch, simd::Avx512Bf16>;
  using Streamed = GemmTuning<simd::Avx512>;

  using Element = T;
  static constexpr index_t kStep = 1;
  static constexpr index_t depth(index_t k) noexcept { return k; }

  template <class Tile>
  [[gnu::always_inline]] void pack_panels(T* packed, Matrix<T> b, index_t n, index_t k) const {
    detail::pack_panels<Tile>(packed, b, n, k);
    if constexpr (std::is_same_v<T, float>)
      for (index_t j = 0; rounds_to_bf16 && j < n; j += Tile::columns) {
        const index_t columns = core::round_up(std::min(Tile::columns, n - j), Tile::V::lanes);
        for (index_t p = 0; p < k; ++p) round_to_bf16<typename Tile::V>(packed + j * k + p * Tile::columns, columns);
      }
  }
  template <class Tile>
  [[gnu::always_inline]] BlockRows<T> rows(T* packed, Matrix<T> a, index_t m, index_t k) const {
    if constexpr (std::is_same_v<T, float>)
      if (rounds_to_bf16) {
        const bool by_rows = a.column_stride == 1;
        // 16 more elements put neighbouring rows into different cache sets.
        const index_t stride = core::round_up(by_rows ? k : m, 16) + (by_rows ? 16 : 0);
        simd::call<PackRoundedRows, typename Tile::arch>(packed, stride, a, m, k);
        return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, by_rows ? stride : 1};
      }
    return {a.data, a.row_stride, a.column_stride, a.row_stride};
  }
  template <class Tile>
  [[gnu::always_inline]] BlockRows<T> block_rows(T* packed, Matrix<T> a, index_t m, index_t k) const {
    if constexpr (GemmTuning<typename Tile::arch>::kStreams) {
      if (rounds_to_bf16 || !packs_rows(a)) return rows<Tile>(packed, a, m, k);
      const index_t stride = core::round_up(m, 16);
      pack_rows<typename Tile::V>(packed, stride, a, m, k);
      return {packed, 1, stride, 1};
    } else {
      if (a.column_stride == 1) return rows<Tile>(packed, a, m, k);
      const BlockRows<T> strips = pack_strips<Tile>(packed, a, m, k);
      if constexpr (std::is_same_v<T, float>)
        if (rounds_to_bf16) round_to_bf16<typename Tile::V>(packed, core::round_up(m, Tile::rows) * strips.tile_stride);
      return strips;
    }
  }
  bool packs_rows(const Matrix<T>& a) const noexcept {
    return rounds_to_bf16 ||
           (a.column_stride != 1 &&
            rows_until_collision(a.column_stride * static_cast<index_t>(sizeof(T))) < Streamed::kCollidingColumns);
  }
  bool reads_in_place() const noexcept { return !rounds_to_bf16; }
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
  [[gnu::always_inline]] void pack_panels(Element* packed, Matrix<float> b, index_t n, index_t k) const {
    pack_bf16_panels<Tile>(packed, b, n, k);
  }
  template <class Tile>
  [[gnu::always_inline]] BlockRows<Element> rows(Element* packed, Matrix<float> a, index_t m, index_t k) const {
    const bool by_rows = a.column_stride == 1;
    // 16 more elements put neighbouring rows into different cache sets.
    const index_t stride = by_rows ? core::round_up(num_pairs(k), 16) + 16 : core::round_up(m, 16);
    simd::call<PackBf16Rows, typename Tile::arch>(packed, stride, a, m, k);
    return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, by_rows ? stride : 1};
  }
  template <class Tile>
  [[gnu::always_inline]] BlockRows<Element> block_rows(Element* packed, Matrix<float> a, index_t m, index_t k) const {
    return rows<Tile>(packed, a, m, k);
  }
  bool packs_rows(const Matrix<float>&) const noexcept { return true; }
  bool reads_in_place() const noexcept { return false; }
};

/// Packs columns [0, n) of B, all k rows, into panels: the panel at column j begins at packed + j·depth(k). This is a
/// kernel of its own, so that kernels that pack several operands do not inline the packing several times.
template <class Products>
struct PackPanels {
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>;

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(Products products, typename Products::Element* packed, Matrix<T> b, index_t n,
                                         index_t k) {
    products.template pack_panels<MicroTile<Arch, T>>(packed, b, n, k);
  }
};

/// Calls f with PlainProducts or Bf16Products, depending on the precision and the processor. Only floats are rounded.
template <class T, class F>
void with_products(Precision precision, F f) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) {
#ifdef MINIBERT_HAS_BF16_KERNELS
      if (simd::isa() == simd::Isa::avx512_bf16) return f(Bf16Products());
#endif
      return f(PlainProducts<T>{.rounds_to_bf16 = true});
    }
  }
  f(PlainProducts<T>());
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
