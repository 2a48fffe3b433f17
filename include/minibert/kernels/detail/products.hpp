// The two ways to multiply: operands as they are, and rounded to bfloat16. Kernels that multiply are templates of one.
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
  using Element = T;                        // of a packed operand
  static constexpr bool uses_bf16 = false;  // instructions of the processor
  static constexpr index_t kStep = 1;       // elements along k in a step of the micro-kernel
  /// Steps of a block of k, at most half as many again. A packed panel of B stays in the first level of the cache; one
  /// of rows that may be read in place does not, and with deeper blocks comes late from the second.
  static constexpr index_t kBlock = 128, kBlockInPlace = 384;
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

/// Operands rounded to bfloat16, sums in float.
struct Bf16Products {
  using Element = Bf16Pair;
  static constexpr bool uses_bf16 = true;
  static constexpr index_t kStep = 2;
  static constexpr index_t kBlock = 128, kBlockInPlace = kBlock;  // nothing is read in place
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

/// f(the way of that precision; other types than float are multiplied as they are)
template <class T, class F>
void with_products(Precision precision, F f) {
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return f(Bf16Products());
  f(FullProducts<T>());
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
