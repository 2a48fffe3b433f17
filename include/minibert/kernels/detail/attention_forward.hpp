// The forward pass of attention for some queries of one head of one sequence.
//
// Keys and values are packed block by block. A few queries at a time are multiplied by all keys of the block. Their
// scores stay in L1, where they become probabilities and are multiplied by the values. If a sequence has several blocks
// of keys, earlier outputs are rescaled to the largest score so far (Dao et al., "FlashAttention", 2022).
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include <minibert/kernels/detail/dropout_factors.hpp>
#include <minibert/kernels/detail/epilogue_stores.hpp>
#include <minibert/kernels/detail/prefetch_queue.hpp>
#include <minibert/kernels/detail/products.hpp>
#include <minibert/kernels/detail/scratch.hpp>
#include <minibert/kernels/detail/softmax_rows.hpp>
#include <minibert/kernels/dropout.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// One head of one sequence: q has num_queries rows, k and v have num_keys rows. A row has head_size elements; rows
/// start `stride` elements apart.
template <class T>
struct AttentionHead {
  const T *q, *k, *v;
  index_t num_queries, num_keys, head_size, stride;
  T scale;
  DropoutMask mask;
};

/// A function object like the structs in epilogue_stores.hpp. Stores the product of probabilities and values, one block
/// of keys after another. Computes total = sum + factor[row]·(total of the earlier blocks). Writes the total to
/// `partial`, or, for the last block, total·inverse[row] to y. first, last: true for the first and the last block of
/// keys.
template <class T>
struct AttentionOutput {
  T* y;
  index_t y_stride;
  T* partial;
  index_t partial_stride;
  const T *factor, *inverse;
  bool first, last;

  template <class V, class Part>
  [[gnu::always_inline]] void operator()(const V& sum, index_t i, index_t j, Part part) const {
    T* at = partial + i * partial_stride + j;
    const V total = simd::fma(simd::load_or_zero<V>(at, !first, part), V::broadcast(factor[i]), sum);
    if (last)
      part.store(total * V::broadcast(inverse[i]), y + i * y_stride + j);
    else
      part.store(total, at);
  }
};

/// Does the work of online_softmax for `Rows` rows at once.
template <int Rows, class V, class T>
[[gnu::always_inline]] inline void online_softmax_rows(T* scores, index_t stride, index_t padded, T* largest, T* sum,
                                                       T* factor, bool first) {
  V best[core::usize(Rows)], total[core::usize(Rows)] = {};
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) { best[r] = V::load(scores + r * stride); });
  for (index_t i = V::lanes; i < padded; i += V::lanes)
    simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      best[r] = simd::max(V::load(scores + r * stride + i), best[r]);
    });
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    const T found = simd::max_lane(best[r]), top = first || found > largest[r] ? found : largest[r];
    factor[r] = first ? T{0} : std::exp2(largest[r] - top);
    largest[r] = top;
    best[r] = V::broadcast(top);
  });
  for (index_t i = 0; i < padded; i += V::lanes)
    simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      const V e = simd::exp2(V::load(scores + r * stride + i) - best[r]);
      e.store(scores + r * stride + i);
      total[r] = total[r] + e;
    });
  simd::unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    sum[r] = simd::sum(total[r]) + (first ? T{0} : sum[r] * factor[r]);
  });
}

/// One block of an online softmax. Replaces the scores of `count` queries (rows `stride` apart, in base 2) with
/// 2^(score − largest). Updates `largest`, the largest score of each row so far, and `sum`, the sum of the powers.
/// Writes to factor[row] the factor for the outputs and sums of earlier blocks; it is 0 if this is the `first` block.
/// Computes several rows at a time, so that the latencies of their maxima and sums overlap.
template <class V, class T>
[[gnu::always_inline]] inline void online_softmax(T* scores, index_t stride, index_t count, index_t keys, T* largest,
                                                  T* sum, T* factor, bool first) {
  constexpr int kRows = 4;
  const index_t padded = core::round_up(keys, V::lanes);
  for (index_t row = 0; row < count; ++row)
    for (index_t i = keys; i < padded; ++i) scores[row * stride + i] = -std::numeric_limits<T>::infinity();
  index_t row = 0;
  const auto next_rows = [&](auto rows) __attribute__((always_inline)) {
    online_softmax_rows<rows, V>(scores + row * stride, stride, padded, largest + row, sum + row, factor + row, first);
    row += rows;
  };
  while (row + kRows <= count) next_rows(std::integral_constant<int, kRows>());
  while (row < count) next_rows(std::integral_constant<int, 1>());
}

/// Multiplies operands that stay in the cache. Meanwhile, each micro-tile prefetches the next cache lines of the queue
/// `prefetch`. scratch: memory into which Products::rows() may pack A.
template <class Arch, class T, class Products>
struct CachedProduct {
  using Element = typename Products::Element;
  Products products;
  PrefetchQueue* prefetch;
  Element* scratch;

  /// Multiplies A (m×k) by packed panels (k×n), and calls the function object `store` with the sums.
  template <class AnyStore>
  [[gnu::always_inline]] void operator()(index_t m, index_t n, index_t k, Matrix<T> a, const Element* panels,
                                         AnyStore store) const {
    simd::call<PackedProduct<T>, Arch>(m, n, Products::depth(k),
                                       products.template rows<MicroTile<Arch, T>>(scratch, a, m, k), panels, prefetch,
                                       store);
  }
};

struct ForwardBlocks {
  static constexpr index_t kKeys = 1024;    // keys per block: with their values they fill half of L2
  static constexpr index_t kQueries = 516;  // queries that share a packed block: packing costs 1 % of their products
  static constexpr index_t kGroup = 48;     // most queries in a group, so that L1 also holds a panel of keys
  static constexpr index_t kScores = kMicroRows * kKeys;  // most scores in a group: 24 KB as float, in L1

  /// Returns the number of queries whose scores are computed at once, so that the scores stay in L1. scores_stride:
  /// elements from one row of scores to the next.
  static constexpr index_t group(index_t scores_stride) {
    return std::min(kScores / scores_stride / kMicroRows * kMicroRows, kGroup);
  }
};

/// Computes y of queries [first, last) of a head; rows of y are head.stride elements apart. Unless lse is null, also
/// writes log Σ e^score of each query to lse. Meanwhile prefetches the next head, whose rows are in the queue
/// `prefetch`. Products: PlainProducts or Bf16Products (products.hpp).
template <class Products>
struct AttentionForward : ForwardBlocks {
  using Element = typename Products::Element;
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>;
  /// Scratch memory of one thread.
  template <class T>
  struct Scratch {
    index_t partial_stride;
    Element *keys, *values, *rows;
    T *scores, *partial, *largest, *sum;

    Scratch(ScratchCutter<T>& memory, index_t, index_t max_keys, index_t head_size) {
      const index_t block = std::min(max_keys, kKeys), queries = max_keys > kKeys ? kQueries : 0;
      partial_stride = core::round_up(head_size, kMaxTileColumns);
      keys = memory.template cut_as<Element>(core::round_up(block, kMaxTileColumns) * head_size);
      values = memory.template cut_as<Element>(partial_stride * block);
      rows = memory.template cut_as<Element>(std::max(kGroup * head_size, kScores) + kGroup * 32);
      scores = memory.cut(kScores);
      partial = memory.cut(queries * partial_stride);
      largest = memory.cut(kQueries);
      sum = memory.cut(kQueries);
    }
  };

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(Products products, AttentionHead<T> head, T* y, T* lse, index_t first,
                                         index_t last, PrefetchQueue prefetch, Scratch<T> s) {
    using V = typename Arch::template vec<T>;
    const CachedProduct<Arch, T, Products> multiply{products, &prefetch, s.rows};
    const T binary_scale = head.scale * std::numbers::log2e_v<T>;
    T factor[kGroup], inverse[kGroup];
    for (index_t begin = 0; begin < head.num_keys; begin += kKeys) {
      const index_t keys = std::min(kKeys, head.num_keys - begin), from = begin * head.stride;
      const index_t scores_stride = core::round_up(keys, kMaxTileColumns), group = ForwardBlocks::group(scores_stride);
      const bool begins = begin == 0, ends = begin + kKeys >= head.num_keys;
      const Matrix<T> k{head.k + from, head.stride}, v{head.v + from, head.stride};
      simd::call<PackPanels<Products>, Arch>(products, s.keys, k.transposed(), keys, head.head_size);
      simd::call<PackPanels<Products>, Arch>(products, s.values, v, head.head_size, keys);
      for (index_t i = first; i < last; i += group) {
        const index_t count = std::min(group, last - i), at = i - first;
        const Matrix<T> queries{head.q + i * head.stride, head.stride}, scores{s.scores, scores_stride};
        multiply(count, core::round_up(keys, V::lanes), head.head_size, queries, s.keys,
                 Store<T>{s.scores, scores_stride, false, binary_scale});
        online_softmax<V>(s.scores, scores_stride, count, keys, s.largest + at, s.sum + at, factor, begins);
        if (head.mask) drop_scores<V>(head, s.scores, scores_stride, i, count, begin, begin + keys);
        for (index_t r = 0; r < count; ++r) inverse[r] = T{1} / s.sum[at + r];
        multiply(count, head.head_size, keys, scores, s.values,
                 AttentionOutput<T>{y + i * head.stride, head.stride, s.partial + at * s.partial_stride,
                                    s.partial_stride, factor, inverse, begins, ends});
      }
    }
    for (index_t i = first; i < last && lse != nullptr; ++i)
      lse[i] = s.largest[i - first] * std::numbers::ln2_v<T> + std::log(s.sum[i - first]);
  }

 private:
  /// Multiplies the probabilities of queries [query, query + count) and keys [begin, end) by their dropout factors.
  template <class V, class T>
  [[gnu::always_inline]] static void drop_scores(const AttentionHead<T>& head, T* row, index_t stride, index_t query,
                                                 index_t count, index_t begin, index_t end) {
    for (index_t r = 0; r < count; ++r, row += stride) {
      for_dropout_factors<V>(
          head.mask.key, query + r, head.mask.threshold, static_cast<T>(head.mask.scale()), begin,
          core::round_up(end, V::lanes), [&](index_t i, auto, const V& kept) __attribute__((always_inline)) {
            (V::load(row + (i - begin)) * kept).store(row + (i - begin));
          });
    }
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
