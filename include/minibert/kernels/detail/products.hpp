// The ways to multiply: operands as they are, or rounded to bfloat16. Kernels that multiply are templates of one.
#pragma once

#include <minibert/core/precision.hpp>
#include <minibert/kernels/detail/gemm_bf16.hpp>
#include <minibert/kernels/detail/gemm_pack.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Operands as they are.
template <class T>
struct FullProducts {
  template <class Arch>
  static constexpr bool runs_on = !std::is_same_v<Arch, simd::Avx512Bf16>;
  /// Whether a large product reads operands where they lie (gemm_streamed.hpp), or packs them (gemm_packed.hpp).
  template <class Arch>
  static constexpr bool streams = Arch::registers == 32;

  using Element = T;                   // of a packed operand
  static constexpr index_t kStep = 1;  // elements along k in a step of the micro-kernel
  /// Steps of a block of k, at most half as many again. A packed panel of B stays in the first level of the cache; one
  /// of rows read in place does not, and with deeper blocks comes late from the second.
  static constexpr index_t kBlock = 128, kBlockInPlace = 384;
  /// Whether the next block of A is fetched with the last panel of B only: sooner, it would be gone when it is wanted.
  static constexpr bool kFetchesRowsLate = true;
  /// The steps of a product over k elements.
  static constexpr index_t depth(index_t k) noexcept { return k; }

  /// B (k×n) in panels: the one that starts at column j lies at packed + j·depth(k).
  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(Element* packed, Matrix<T> b, index_t n, index_t k) {
    detail::pack_panels<Tile>(packed, b, n, k);
  }
  /// A (m×k) for the micro-kernel, in place if that will do for an A in the cache; else in `packed`, which has
  /// round_up(m, 16)·(k + 32) elements.
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<Element> rows(Element*, Matrix<T> a, index_t m, index_t) {
    return {a.data, a.row_stride, a.column_stride, m};
  }
  /// A block of A (m×k) for a packed product; packed: m·(round_up(k, 16) + 16) elements and 16 more.
  template <class Tile>
  [[gnu::always_inline]] static PackedRows<Element> block_rows(Element* packed, Matrix<T> a, index_t m, index_t k) {
    if (a.column_stride == 1) return {a.data, a.row_stride, 1, a.row_stride};
    return pack_strips<Tile>(packed, a, m, k);
  }
  /// Whether packed_rows packs: contiguous columns, if the rows of a block of k collide.
  static bool packs_rows(const Matrix<T>& a) noexcept {
    constexpr index_t kEnough = 128;
    return a.column_stride != 1 && rows_until_collision(a.column_stride * static_cast<index_t>(sizeof(T))) < kEnough;
  }
  /// As rows(), for an A in memory.
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<Element> packed_rows(Element* packed, Matrix<T> a, index_t m, index_t k) {
    if (!packs_rows(a)) return rows<Tile>(packed, a, m, k);
    const index_t stride = round_up(m, 16);
    pack_rows<typename Tile::V>(packed, stride, a, m, k);
    return {packed, 1, stride, m};
  }
};

/// Operands rounded to bfloat16, sums in float: by the processor's instruction.
struct Bf16Products {
  template <class Arch>
  static constexpr bool runs_on = std::is_same_v<Arch, simd::Avx512Bf16>;
  template <class Arch>
  static constexpr bool streams = true;

  using Element = Bf16Pair;
  static constexpr index_t kStep = 2;
  static constexpr index_t kBlock = 128, kBlockInPlace = kBlock;  // nothing is read in place
  static constexpr bool kFetchesRowsLate = false;                 // half the time, and all of them to be rounded
  static constexpr index_t depth(index_t k) noexcept { return num_pairs(k); }

  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(Element* packed, Matrix<float> b, index_t n, index_t k) {
    pack_bf16_panels<Tile>(packed, b, n, k);
  }
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<Element> rows(Element* packed, Matrix<float> a, index_t m, index_t k) {
    const bool by_rows = a.column_stride == 1;
    const index_t stride = by_rows ? round_up(num_pairs(k), 16) + 16 : round_up(m, 16);  // rows in different sets
    pack_bf16_rows<typename Tile::arch>(packed, stride, a, m, k);
    return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, m};
  }
  static bool packs_rows(const Matrix<float>&) noexcept { return true; }
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<Element> packed_rows(Element* packed, Matrix<float> a, index_t m, index_t k) {
    return rows<Tile>(packed, a, m, k);
  }
};

/// The same where there is no such instruction: rounded when packed, and multiplied as floats. Not for AVX-512: nothing
/// is gained where bf16 is not native, and everyone who includes us would compile it.
struct RoundedProducts {
  template <class Arch>
  static constexpr bool runs_on = Arch::registers == 16;
  template <class Arch>
  static constexpr bool streams = false;

  using Element = float;
  static constexpr index_t depth(index_t k) noexcept { return k; }

  template <class Tile>
  [[gnu::always_inline]] static void pack_panels(float* packed, Matrix<float> b, index_t n, index_t k) {
    detail::pack_panels<Tile>(packed, b, n, k);
    for (index_t j = 0; j < n; j += Tile::columns) {
      const index_t columns = round_up(std::min(Tile::columns, n - j), Tile::V::lanes);
      for (index_t p = 0; p < k; ++p) round_to_bf16<typename Tile::V>(packed + j * k + p * Tile::columns, columns);
    }
  }
  template <class Tile>
  [[gnu::always_inline]] static MicroRows<float> rows(float* packed, Matrix<float> a, index_t m, index_t k) {
    using V = typename Tile::V;
    const bool by_rows = a.column_stride == 1;
    const index_t stride = round_up(by_rows ? k : m, 16) + (by_rows ? 16 : 0);  // rows in different sets
    pack_rows<V>(packed, stride, by_rows ? a.transposed() : a, by_rows ? k : m, by_rows ? m : k);
    round_to_bf16<V>(packed, stride * (by_rows ? m : k));
    return {packed, by_rows ? stride : 1, by_rows ? 1 : stride, m};
  }
  template <class Tile>
  [[gnu::always_inline]] static PackedRows<float> block_rows(float* packed, Matrix<float> a, index_t m, index_t k) {
    if (a.column_stride == 1) {
      const MicroRows<float> copies = rows<Tile>(packed, a, m, k);
      return {packed, copies.row_stride, 1, copies.row_stride};
    }
    const PackedRows<float> strips = pack_strips<Tile>(packed, a, m, k);
    round_to_bf16<typename Tile::V>(packed, round_up(m, Tile::rows) * strips.next);
    return strips;
  }
};

/// f(the way of that precision on this processor; other types than float are multiplied as they are)
template <class T, class F>
void with_products(Precision precision, F f) {
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16)
      return simd::isa() == simd::Isa::avx512_bf16 ? f(Bf16Products()) : f(RoundedProducts());
  }
  f(FullProducts<T>());
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
