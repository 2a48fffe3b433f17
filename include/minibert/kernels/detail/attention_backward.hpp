// The backward pass of attention for a segment of the keys of one head of one sequence.
//
// Probabilities are made again, a block of queries against a block of keys at a time, from the scores and the kept
// log-sum-exp; five products per block. Nothing but blocks is ever stored.
#pragma once

#include <minibert/kernels/detail/attention_forward.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Keys [begin, end) of a head against all its queries. dq, dk, dv and dy are of the head, rows head.stride apart.
struct AttentionBackward {
  static constexpr index_t kKeys = 192, kQueries = 192;  // of a block: multiples of a tile's columns and rows

  /// Scratch of one thread.
  template <class T>
  struct Scratch {
    index_t stride;                                      // of p and ds
    T *keys, *values, *key_rows, *query_rows, *dy_rows;  // packed: columns of the block, or its rows
    T *p, *ds;                                           // blocks of queries × keys

    Scratch(ScratchCutter<T>& memory, index_t max_seqlen, index_t head_size) {
      const index_t rows = std::min(round_up(max_seqlen, kMicroRows), kQueries);
      const index_t width = round_up(head_size, kMaxTileColumns);
      stride = std::min(round_up(max_seqlen, kMaxTileColumns), kKeys);
      keys = memory.cut(stride * head_size);
      values = memory.cut(stride * head_size);
      key_rows = memory.cut(width * stride);
      query_rows = memory.cut(width * rows);
      dy_rows = memory.cut(width * rows);
      p = memory.cut(rows * stride);
      ds = memory.cut(rows * stride);
    }
  };

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(AttentionHead<T> head, Sink<T> dq, Sink<T> dk, Sink<T> dv, const T* dy,
                                         const T* y, const T* lse, index_t begin, index_t end, Scratch<T> s) {
    using Tile = MicroTile<Arch, T>;
    const index_t d = head.head_size, stride = head.stride;
    for (index_t key = begin; key < end; key += kKeys) {
      const index_t keys = std::min(kKeys, end - key);
      const Matrix<T> k_rows{head.k + key * stride, stride}, v_rows{head.v + key * stride, stride};
      pack_panels<Tile>(s.keys, k_rows.transposed(), keys, d);
      pack_panels<Tile>(s.values, v_rows.transposed(), keys, d);
      if (dq) pack_panels<Tile>(s.key_rows, k_rows, d, keys);
      for (index_t query = 0; query < head.len; query += kQueries) {
        const index_t queries = std::min(kQueries, head.len - query), at = query * stride;
        make_block<Arch>(head, dy + at, y + at, lse + query, key, keys, query, queries, s);
        const bool again = query > 0;
        if (dv) {
          pack_panels<Tile>(s.dy_rows, Matrix<T>{dy + at, stride}, d, queries);
          packed_product<Arch>(keys, d, queries, MicroRows<T>{s.p, 1, s.stride, keys}, static_cast<const T*>(s.dy_rows),
                               Store<T>{dv.data + key * stride, stride, dv.accumulate || again});
        }
        if (dk) {
          pack_panels<Tile>(s.query_rows, Matrix<T>{head.q + at, stride}, d, queries);
          packed_product<Arch>(keys, d, queries, MicroRows<T>{s.ds, 1, s.stride, keys},
                               static_cast<const T*>(s.query_rows),
                               Store<T>{dk.data + key * stride, stride, dk.accumulate || again, head.scale});
        }
        if (dq)
          packed_product<Arch>(queries, d, keys, MicroRows<T>{s.ds, s.stride, 1, queries},
                               static_cast<const T*>(s.key_rows),
                               Store<T>{dq.data + at, stride, dq.accumulate || key > begin, head.scale});
      }
    }
  }

 private:
  /// P and dS of a block of queries and keys: P = 2^(scores − lse), dS = P·(dP − Σ dy·y). With dropout dP is multiplied
  /// by the factors before, and P becomes what was multiplied with the values: P times the factors.
  template <class Arch, class T>
  [[gnu::always_inline]] static void make_block(const AttentionHead<T>& head, const T* dy, const T* y, const T* lse,
                                                index_t key, index_t keys, index_t query, index_t queries,
                                                const Scratch<T>& s) {
    using V = typename Arch::template vec<T>;
    constexpr T log2e = std::numbers::log2e_v<T>;
    const index_t padded = round_up(keys, V::lanes), stride = head.stride, d = head.head_size;
    const T* q = head.q + query * stride;
    for (index_t i = 0; i < queries; i += kMicroRows) {
      const index_t count = std::min<index_t>(kMicroRows, queries - i);
      T *p = s.p + i * s.stride, *ds = s.ds + i * s.stride;
      if (key + keys >= head.len)
        for (const T* matrix : {head.q, head.k, head.v, dy - query * stride, y - query * stride})
          head.fetch_ahead(matrix, query + i, query + i + count);
      packed_product<Arch>(count, padded, d, MicroRows<T>{q + i * stride, stride, 1, count},
                           static_cast<const T*>(s.keys), Store<T>{p, s.stride, false, head.scale * log2e});
      packed_product<Arch>(count, padded, d, MicroRows<T>{dy + i * stride, stride, 1, count},
                           static_cast<const T*>(s.values), Store<T>{ds, s.stride});
      for (index_t r = 0; r < count; ++r, p += s.stride, ds += s.stride) {
        const V offset = V::broadcast(lse[i + r] * log2e);
        const V dot = V::broadcast(row_dot<V>(dy + (i + r) * stride, y + (i + r) * stride, d));
        const auto step = [&](index_t j, const V& kept) __attribute__((always_inline)) {
          const V x = simd::exp2(V::load(p + j) - offset);
          (x * simd::fma(V::load(ds + j), kept, -dot)).store(ds + j);
          (x * kept).store(p + j);
        };
        if (head.mask) {
          for_dropout_factors<V>(head.mask.key, query + i + r, head.mask.threshold, static_cast<T>(head.mask.scale()),
                                 key, key + padded, [&](index_t j, auto, const V& kept)
                                 __attribute__((always_inline)) { step(j - key, kept); });
        } else {
          const V one = V::broadcast(T{1});
          for (index_t j = 0; j < padded; j += V::lanes) step(j, one);
        }
      }
    }
  }

  /// Σ a·b over d elements.
  template <class V, class T>
  [[gnu::always_inline]] static T row_dot(const T* a, const T* b, index_t d) {
    V total{};
    simd::for_vectors<V>(d, [&](index_t i, auto part) __attribute__((always_inline)) {
      total = simd::fma(part.template load<V>(a + i), part.template load<V>(b + i), total);
    });
    return simd::sum(total);
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
