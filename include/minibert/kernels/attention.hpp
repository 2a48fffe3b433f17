// Multi-head attention (Vaswani et al., 2017) over sequences laid end to end: softmax(scale·QKᵗ)·V, each sequence with
// itself only. The scores of 64 queries of one head at a time exist, in a thread's own scratch; for the backward pass
// they are made again from the kept log-sum-exp of each row (Dao et al., "FlashAttention", 2022).
#pragma once

#include <algorithm>

#include <minibert/kernels/dropout.hpp>
#include <minibert/kernels/gemm.hpp>
#include <minibert/kernels/softmax.hpp>

namespace minibert::kernels {

/// The sizes of an attention: N tokens, H heads, head size D; every operand is (N, H·D) with rows `stride` apart.
struct AttentionShape {
  index_t num_tokens = 0;
  index_t num_heads = 0;
  index_t head_size = 0;
  index_t stride = 0;
};

inline namespace MINIBERT_ARCH {

namespace detail {

inline constexpr index_t kQueryBlock = 64;

/// x *= dropout factors, for n rows of d probabilities; the first row is the query at `position`.
struct DropProbabilities {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* x, DropoutMask mask, index_t position, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, x += d)
      for_dropout_factors<V>(mask.key, position + row, mask.threshold, static_cast<T>(mask.scale()), d,
                             [&](index_t i, auto part, const V& factor) __attribute__((always_inline)) {
                               part.store(part.template load<V>(x + i) * factor, x + i);
                             });
  }
};

/// delta[row] = Σ dy·y for n rows of d elements, `stride` apart.
struct RowDots {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* delta, const T* dy, const T* y, index_t stride, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row) {
      V total{};
      simd::for_vectors<V>(d, [&](index_t i, auto part) __attribute__((always_inline)) {
        total = simd::fma(part.template load<V>(dy + row * stride + i), part.template load<V>(y + row * stride + i),
                          total);
      });
      delta[row] = simd::sum(total);
    }
  }
};

/// From scores s and dP (n rows of d): s becomes P = e^(s − lse), dP becomes dS = P·(dP − delta). With dropout dP is
/// multiplied by the factors before, and s becomes what was multiplied with V: P times the factors.
struct AttentionScoresBackward {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* s, T* dp, const T* lse, const T* delta, DropoutMask mask, index_t position,
                                         index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, s += d, dp += d) {
      const V offset = V::broadcast(lse[row]), dot = V::broadcast(delta[row]);
      const auto step = [&](index_t i, auto part, const V& factor) __attribute__((always_inline)) {
        const V p = simd::exp(part.template load<V>(s + i) - offset);
        part.store(p * (part.template load<V>(dp + i) * factor - dot), dp + i);
        part.store(p * factor, s + i);
      };
      if (mask) {
        for_dropout_factors<V>(mask.key, position + row, mask.threshold, static_cast<T>(mask.scale()), d, step);
      } else {
        const V one = V::broadcast(T{1});
        simd::for_vectors<V>(d, [&](index_t i, auto part) __attribute__((always_inline)) { step(i, part, one); });
      }
    }
  }
};

/// Scratch of one thread.
template <class T>
struct AttentionScratch {
  T *scores, *dscores;  // blocks of kQueryBlock × max_seqlen
  T* delta;             // kQueryBlock
  T* products;          // what gemm_serial needs

  static index_t size(index_t max_seqlen, index_t head_size) {
    const index_t longest = std::max(max_seqlen, kQueryBlock);
    return round_up(kQueryBlock * (2 * max_seqlen + 1), 16) +
           std::max(gemm_workspace<T>(longest, head_size, 1), gemm_workspace<T>(head_size, longest, 1));
  }
  AttentionScratch(T* workspace, index_t max_seqlen, index_t head_size)
      : scores(workspace + thread_index() * size(max_seqlen, head_size)),
        dscores(scores + kQueryBlock * max_seqlen),
        delta(dscores + kQueryBlock * max_seqlen),
        products(scores + round_up(kQueryBlock * (2 * max_seqlen + 1), 16)) {}
};

/// The mask of head h of sequence b.
inline DropoutMask head_mask(const DropoutMask& mask, const Sequences& sequences, index_t b, index_t h) {
  if (!mask) return mask;
  return {.key = mask.key.fold(sequences.rows[b]).fold(h), .threshold = mask.threshold};
}

}  // namespace detail

/// Elements of scratch memory that attention_forward and attention_backward need.
template <class T>
index_t attention_workspace(const Sequences& sequences, const AttentionShape& shape, index_t threads) {
  return threads * detail::AttentionScratch<T>::size(sequences.max_seqlen, shape.head_size);
}

/// y (N, H·D) = dropout(softmax(scale·QKᵗ))·V per sequence and head. lse (H, N), log Σ e^score of each row, is kept for
/// the backward kernel and may be null.
template <class T>
void attention_forward(T* y, T* lse, const T* q, const T* k, const T* v, T scale, DropoutMask mask,
                       Sequences sequences, const AttentionShape& shape, T* workspace) noexcept {
  const index_t heads = shape.num_heads, d = shape.head_size, stride = shape.stride;
  const index_t blocks = num_chunks(sequences.max_seqlen, detail::kQueryBlock);
  // A unit is a block of queries of one head of one sequence; those past a short sequence's end are empty.
  parallel_for(sequences.count * heads * blocks, 1, [=](index_t unit, index_t) {
    const index_t b = unit / (heads * blocks), h = unit / blocks % heads, first = unit % blocks * detail::kQueryBlock;
    const index_t start = sequences.cu_seqlens[b], len = sequences.cu_seqlens[b + 1] - start;
    if (first >= len) return;
    const index_t n = std::min(detail::kQueryBlock, len - first), row = start + first, head = h * d;
    const detail::AttentionScratch<T> scratch(workspace, sequences.max_seqlen, d);
    T* scores = scratch.scores;
    const Matrix<T> keys{k + start * stride + head, stride}, values{v + start * stride + head, stride};

    gemm_serial(n, len, d, Matrix<T>{q + row * stride + head, stride}, keys.transposed(),
                Store<T>{scores, len, false, scale}, scratch.products);
    simd::dispatch<detail::SoftmaxRows>(scores, lse == nullptr ? nullptr : lse + h * shape.num_tokens + row,
                                        static_cast<const T*>(scores), n, len);
    if (mask) {
      simd::dispatch<detail::DropProbabilities>(scores, detail::head_mask(mask, sequences, b, h), first, n, len);
    }
    gemm_serial(n, d, len, Matrix<T>{scores, len}, values, Store<T>{y + row * stride + head, stride}, scratch.products);
  });
}

/// With P the probabilities, P' = dropout(P), δ = Σ dy·y of each row: dv = P'ᵗ·dy, dP = dropout(dy·Vᵗ),
/// dS = P·(dP − δ), dq = scale·dS·K, dk = scale·dSᵗ·Q. dq, dk, dv may not be the same memory.
template <class T>
void attention_backward(Sink<T> dq, Sink<T> dk, Sink<T> dv, const T* dy, const T* y, const T* lse, const T* q,
                        const T* k, const T* v, T scale, DropoutMask mask, Sequences sequences,
                        const AttentionShape& shape, T* workspace) noexcept {
  const index_t heads = shape.num_heads, d = shape.head_size, stride = shape.stride;
  parallel_for(sequences.count * heads, 1, [=](index_t unit, index_t) {
    const index_t b = unit / heads, h = unit % heads, head = h * d;
    const index_t start = sequences.cu_seqlens[b], len = sequences.cu_seqlens[b + 1] - start, at_head = start * stride + head;
    const detail::AttentionScratch<T> scratch(workspace, sequences.max_seqlen, d);
    T *scores = scratch.scores, *dscores = scratch.dscores, *delta = scratch.delta;
    const DropoutMask own = detail::head_mask(mask, sequences, b, h);
    const Matrix<T> keys{k + at_head, stride}, values{v + at_head, stride};

    for (index_t first = 0; first < len; first += detail::kQueryBlock) {
      const index_t n = std::min(detail::kQueryBlock, len - first), row = start + first;
      const Matrix<T> queries{q + row * stride + head, stride}, dys{dy + row * stride + head, stride};
      gemm_serial(n, len, d, queries, keys.transposed(), Store<T>{scores, len, false, scale}, scratch.products);
      gemm_serial(n, len, d, dys, values.transposed(), Store<T>{dscores, len}, scratch.products);
      simd::dispatch<detail::RowDots>(delta, dys.data, y + row * stride + head, stride, n, d);
      simd::dispatch<detail::AttentionScoresBackward>(scores, dscores, lse + h * shape.num_tokens + row,
                                                      static_cast<const T*>(delta), own, first, n, len);
      const Matrix<T> probabilities{scores, len}, dsc{dscores, len};
      if (dv)
        gemm_serial(len, d, n, probabilities.transposed(), dys,
                    Store<T>{dv.data + at_head, stride, dv.accumulate || first > 0}, scratch.products);
      if (dk)
        gemm_serial(len, d, n, dsc.transposed(), queries,
                    Store<T>{dk.data + at_head, stride, dk.accumulate || first > 0, scale}, scratch.products);
      if (dq)
        gemm_serial(n, d, len, dsc, keys, Store<T>{dq.data + row * stride + head, stride, dq.accumulate, scale},
                    scratch.products);
    }
  });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
