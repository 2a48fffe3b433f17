// The backward pass of attention for some keys of one head of one sequence.
//
// Recomputes the scores of one block of queries × keys at a time. The scores and the log-sum-exp of the forward pass
// give the probabilities. Each block takes five matrix products. Never stores more than one block.
#pragma once

#include <algorithm>

#include <minibert/core/sink.hpp>
#include <minibert/kernels/detail/attention_forward.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// One head of one sequence, its output and the gradients. All pointers are to the head's columns; rows are head.stride
/// elements apart.
template <class T>
struct AttentionHeadBackward {
  AttentionHead<T> head;
  const T *dy, *y, *lse;
  Sink<T> dq, dk, dv;
};

struct BackwardBlocks {
  static constexpr index_t kGroup = 24;                 // queries whose probabilities fit into L1
  static constexpr index_t kShort = 256;                // longest sequence that is prefetched as a whole
  static constexpr index_t kKeys = 192, kQueries = 96;  // size of a block: multiples of a tile's columns and rows
};

/// The backward pass of one head, for keys [begin, end) and all queries of the head. Computes dk and dv of these keys,
/// and the part of dq that comes from them. During each block, prefetches the next one. Prefetches next_head instead
/// during the final block, and during all blocks of a sequence of at most kShort tokens: such a sequence is in the
/// cache already, because it was prefetched as a next_head itself. Products: PlainProducts or Bf16Products
/// (products.hpp).
template <class Products>
struct AttentionBackward : BackwardBlocks {
  using Element = typename Products::Element;
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>;
  /// Scratch memory of one thread.
  template <class T>
  struct Scratch {
    index_t stride;                                            // of the rows of p and ds
    Element *keys, *values, *key_rows, *query_rows, *dy_rows;  // right operands of the products, packed
    Element* rows;                                             // left operand of a product, if packed
    T *p, *ds;                                                 // P and dS of a block of queries × keys

    Scratch(ScratchCutter<T>& memory, index_t max_queries, index_t max_keys, index_t head_size) {
      const index_t queries = std::min(core::round_up(max_queries, kMicroRows), kQueries);
      const index_t width = core::round_up(head_size, kMaxTileColumns);
      stride = std::min(core::round_up(max_keys, kMaxTileColumns), kKeys);
      keys = memory.template cut_as<Element>(stride * head_size);
      values = memory.template cut_as<Element>(stride * head_size);
      key_rows = memory.template cut_as<Element>(width * stride);
      query_rows = memory.template cut_as<Element>(width * queries);
      dy_rows = memory.template cut_as<Element>(width * queries);
      rows = memory.template cut_as<Element>(core::round_up(queries, 16) * (std::max(stride, head_size) + 32));
      p = memory.cut(queries * stride);
      ds = memory.cut(queries * stride);
    }
  };

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(Products products, AttentionHeadBackward<T> in, index_t begin, index_t end,
                                         PrefetchQueue next_head, Scratch<T> s) {
    const AttentionHead<T>& head = in.head;
    const T *dy = in.dy, *y = in.y;
    const Sink<T> dq = in.dq, dk = in.dk, dv = in.dv;
    const index_t d = head.head_size, stride = head.stride;
    if (head.num_queries == 0) return clear(dk, begin, end, d, stride), clear(dv, begin, end, d, stride);
    for (index_t key = begin; key < end; key += kKeys) {
      const index_t keys = std::min(kKeys, end - key);
      const Matrix<T> k_rows{head.k + key * stride, stride}, v_rows{head.v + key * stride, stride};
      simd::call<PackPanels<Products>, Arch>(products, s.keys, k_rows.transposed(), keys, d);
      simd::call<PackPanels<Products>, Arch>(products, s.values, v_rows.transposed(), keys, d);
      if (dq) simd::call<PackPanels<Products>, Arch>(products, s.key_rows, k_rows, d, keys);
      for (index_t query = 0; query < head.num_queries; query += kQueries) {
        const index_t queries = std::min(kQueries, head.num_queries - query), at = query * stride;
        const bool ends = query + kQueries >= head.num_queries;
        PrefetchQueue next_block = next_head;
        if (!ends || key + kKeys < end) {
          const index_t from = ends ? 0 : query + kQueries, count = std::min(kQueries, head.num_queries - from);
          next_block.clear();
          for (const T* matrix : {head.q, dy, y}) next_block.add(matrix + from * stride, count);
          if (dq) next_block.add(dq.data + from * stride, count);
        }
        PrefetchQueue& prefetch = std::max(head.num_queries, head.num_keys) <= kShort ? next_head : next_block;
        const CachedProduct<Arch, T, Products> multiply{products, &prefetch, s.rows};
        make_block(in, Block{query, queries, key, keys}, multiply, s);
        const Matrix<T> probabilities{s.p, s.stride}, dscores{s.ds, s.stride};
        const bool again = query > 0;
        if (dv) {
          simd::call<PackPanels<Products>, Arch>(products, s.dy_rows, Matrix<T>{dy + at, stride}, d, queries);
          multiply(keys, d, queries, probabilities.transposed(), s.dy_rows,
                   Store<T>{dv.data + key * stride, stride, dv.accumulate || again});
        }
        if (dk) {
          simd::call<PackPanels<Products>, Arch>(products, s.query_rows, Matrix<T>{head.q + at, stride}, d, queries);
          multiply(keys, d, queries, dscores.transposed(), s.query_rows,
                   Store<T>{dk.data + key * stride, stride, dk.accumulate || again, head.scale});
        }
        if (dq)
          multiply(queries, d, keys, dscores, s.key_rows,
                   Store<T>{dq.data + at, stride, dq.accumulate || key > begin, head.scale});
      }
    }
  }

 private:
  struct Block {
    index_t query, queries;  // index of the first query, number of queries
    index_t key, keys;       // index of the first key, number of keys
  };

  /// Zeroes the gradient of keys that no query attends to.
  template <class T>
  static void clear(Sink<T> gradient, index_t begin, index_t end, index_t d, index_t stride) {
    if (!gradient || gradient.accumulate) return;
    for (index_t key = begin; key < end; ++key) std::fill_n(gradient.data + key * stride, d, T{0});
  }

  /// Computes a block of P = 2^(scores − lse), with scores and lse in base 2, and dS = P·(dP − Σ dy·y). With dropout,
  /// both dP and the stored P are multiplied by the dropout factors.
  template <class Arch, class T>
  [[gnu::always_inline]] static void make_block(const AttentionHeadBackward<T>& in, const Block& block,
                                                const CachedProduct<Arch, T, Products>& multiply, const Scratch<T>& s) {
    using V = typename Arch::template vec<T>;
    constexpr T log2e = std::numbers::log2e_v<T>;
    const AttentionHead<T>& head = in.head;
    const index_t padded = core::round_up(block.keys, V::lanes), stride = head.stride, d = head.head_size;
    const index_t at = block.query * stride;
    const T *q = head.q + at, *dy = in.dy + at, *y = in.y + at, *lse = in.lse + block.query;
    for (index_t i = 0; i < block.queries; i += kGroup) {
      const index_t count = std::min(kGroup, block.queries - i);
      T *p = s.p + i * s.stride, *ds = s.ds + i * s.stride;
      multiply(count, padded, d, Matrix<T>{q + i * stride, stride}, s.keys,
               Store<T>{p, s.stride, false, head.scale * log2e});
      multiply(count, padded, d, Matrix<T>{dy + i * stride, stride}, s.values, Store<T>{ds, s.stride});
      for (index_t r = 0; r < count; ++r, p += s.stride, ds += s.stride) {
        const V offset = V::broadcast(lse[i + r] * log2e);
        const V dot = V::broadcast(row_dot<V>(dy + (i + r) * stride, y + (i + r) * stride, d));
        const auto step = [&](index_t j, const V& kept) __attribute__((always_inline)) {
          const V x = simd::exp2(V::load(p + j) - offset);
          (x * simd::fma(V::load(ds + j), kept, -dot)).store(ds + j);
          (x * kept).store(p + j);
        };
        if (head.mask) {
          for_dropout_factors<V>(
              head.mask.key, block.query + i + r, head.mask.threshold, static_cast<T>(head.mask.scale()), block.key,
              block.key + padded, [&](index_t j, auto, const V& kept) __attribute__((always_inline)) {
                step(j - block.key, kept);
              });
        } else {
          const V one = V::broadcast(T{1});
          for (index_t j = 0; j < padded; j += V::lanes) step(j, one);
        }
      }
    }
  }

  /// Returns Σ a·b over d elements.
  template <class V, class T>
  [[gnu::always_inline]] static T row_dot(const T* a, const T* b, index_t d) {
    V total{};
    simd::for_vectors<V>(
        d, [&](index_t i, auto part) __attribute__((always_inline)) {
          total = simd::fma(part.template load<V>(a + i), part.template load<V>(b + i), total);
        });
    return simd::sum(total);
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
