// Multi-head attention (Vaswani et al., 2017) over sequences laid end to end: softmax(scale·QKᵗ)·V, each sequence with
// itself only. No matrix of scores is stored; the backward pass makes them again from the log-sum-exp of each row
// (Dao et al., "FlashAttention", 2022).
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/core/precision.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/kernels/detail/attention_backward.hpp>
#include <minibert/kernels/detail/attention_forward.hpp>

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

/// Pieces of equal size, a multiple of `multiple`, that n is cut into: `count` of them, or fewer.
struct EvenPieces {
  index_t size, count;
  EvenPieces(index_t n, index_t wanted, index_t multiple)
      : size(round_up(num_chunks(n, std::max<index_t>(wanted, 1)), multiple)), count(num_chunks(n, size)) {}
};

/// The queries of a sequence that share packed keys in the forward pass.
inline EvenPieces query_pieces(index_t len) {
  return {len, num_chunks(len, ForwardBlocks::kQueries - kMicroRows + 1), kMicroRows};
}

/// The keys of a sequence that a thread takes in the backward pass. A piece but the first has a dq of its own, added up
/// in the end: no more than four, so that memory grows with the length, not with its square.
inline EvenPieces key_pieces(index_t len) {
  return {len, std::min<index_t>(num_chunks(len, 2 * BackwardBlocks::kKeys), 4), BackwardBlocks::kKeys};
}

/// Calls f(sequence, head, piece, whether the thread goes on with the next head) for all pieces of all heads of all
/// sequences, on all threads. pieces(len).count is how many a sequence of that length has.
template <class Pieces, class F>
void for_heads(const Sequences& sequences, index_t heads, Pieces pieces, F f) noexcept {
  const index_t most = std::max<index_t>(pieces(sequences.max_seqlen).count, 1), units = sequences.count * most * heads;
  // As many heads of a sequence at a time as leave each thread enough to even out.
  const index_t grain = std::clamp<index_t>(units / (16 * num_threads()), 1, heads);
  parallel_for(units, grain, [=](index_t begin, index_t end) {
    for (index_t unit = begin; unit < end; ++unit) {
      const index_t b = unit / (most * heads), piece = unit / heads % most, h = unit % heads;
      const index_t len = sequences.cu_seqlens[b + 1] - sequences.cu_seqlens[b];
      if (piece < pieces(len).count) f(b, h, piece, h + 1 < heads && unit + 1 < end);
    }
  });
}

/// Head h of sequence b.
template <class T>
AttentionHead<T> attention_head(const T* q, const T* k, const T* v, T scale, const DropoutMask& mask,
                                const Sequences& sequences, const AttentionShape& shape, index_t b, index_t h,
                                bool goes_on) {
  const index_t start = sequences.cu_seqlens[b], at = start * shape.stride + h * shape.head_size;
  DropoutMask own = mask;
  if (mask) own.key = mask.key.fold(sequences.rows[b]).fold(h);
  return {.q = q + at,
          .k = k + at,
          .v = v + at,
          .len = sequences.cu_seqlens[b + 1] - start,
          .head_size = shape.head_size,
          .stride = shape.stride,
          .scale = scale,
          .mask = own,
          .ahead = goes_on ? shape.head_size : 0};
}

/// Elements that Scratch takes for each thread.
template <class Scratch, class T>
index_t scratch_size(const Sequences& sequences, const AttentionShape& shape) {
  ScratchCutter<T> count(nullptr);
  Scratch(count, sequences.max_seqlen, shape.head_size);
  return count.used();
}

/// The calling thread's part of a workspace that holds one for each.
template <class Scratch, class T>
Scratch own_scratch(T* workspace, const Sequences& sequences, const AttentionShape& shape) {
  ScratchCutter<T> memory(workspace + thread_index() * scratch_size<Scratch, T>(sequences, shape));
  return Scratch(memory, sequences.max_seqlen, shape.head_size);
}

/// y += x for the rows of one sequence.
struct AddRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    simd::for_vectors<V>(
        n, [&](index_t i, auto part) __attribute__((always_inline)) {
          part.store(part.template load<V>(y + i) + part.template load<V>(x + i), y + i);
        });
  }
};

template <class Products, class T>
void attention_forward(T* y, T* lse, const T* q, const T* k, const T* v, T scale, DropoutMask mask, Sequences sequences,
                       const AttentionShape& shape, T* workspace) noexcept {
  using Scratch = typename AttentionForward<Products>::template Scratch<T>;
  for_heads(sequences, shape.num_heads, query_pieces, [=](index_t b, index_t h, index_t piece, bool goes_on) {
    const auto head = attention_head(q, k, v, scale, mask, sequences, shape, b, h, goes_on);
    const index_t start = sequences.cu_seqlens[b], first = piece * query_pieces(head.len).size;
    simd::dispatch<AttentionForward<Products>>(head, y + start * shape.stride + h * shape.head_size,
                                               lse == nullptr ? nullptr : lse + h * shape.num_tokens + start, first,
                                               std::min(first + query_pieces(head.len).size, head.len),
                                               own_scratch<Scratch>(workspace, sequences, shape));
  });
}

template <class Products, class T>
void attention_backward(Sink<T> dq, Sink<T> dk, Sink<T> dv, const T* dy, const T* y, const T* lse, const T* q,
                        const T* k, const T* v, T scale, DropoutMask mask, Sequences sequences,
                        const AttentionShape& shape, T* workspace) noexcept {
  using Scratch = typename AttentionBackward<Products>::template Scratch<T>;
  const index_t numel = shape.num_tokens * shape.stride;
  T* further =
      workspace + num_threads() * scratch_size<Scratch, T>(sequences, shape);  // dq of the pieces but the first
  for_heads(sequences, shape.num_heads, key_pieces, [=](index_t b, index_t h, index_t piece, bool goes_on) {
    const auto head = attention_head(q, k, v, scale, mask, sequences, shape, b, h, goes_on);
    const index_t start = sequences.cu_seqlens[b], at = start * shape.stride + h * shape.head_size;
    const auto from = [=](Sink<T> sink) { return sink ? Sink<T>{sink.data + at, sink.accumulate} : sink; };
    const index_t keys = key_pieces(head.len).size, begin = piece * keys;
    const Sink<T> own_dq = piece == 0 || !dq ? from(dq) : Sink<T>{further + (piece - 1) * numel + at};
    simd::dispatch<AttentionBackward<Products>>(
        head, own_dq, from(dk), from(dv), dy + at, y + at, lse + h * shape.num_tokens + start, begin,
        std::min(begin + keys, head.len), own_scratch<Scratch>(workspace, sequences, shape));
  });
  if (!dq || key_pieces(sequences.max_seqlen).count <= 1) return;
  parallel_for(sequences.count, 1, [=](index_t b, index_t) {
    const index_t start = sequences.cu_seqlens[b], len = sequences.cu_seqlens[b + 1] - start;
    for (index_t piece = 1; piece < key_pieces(len).count; ++piece)
      simd::dispatch<AddRows>(dq.data + start * shape.stride,
                              static_cast<const T*>(further + (piece - 1) * numel + start * shape.stride),
                              len * shape.stride);
  });
}

/// f(how products of T are computed in that precision)
template <class T, class F>
void with_products(Precision precision, F f) {
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return f(Bf16Products());
  f(FullProducts<T>());
}

}  // namespace detail

/// Elements of scratch memory that attention_forward and attention_backward need.
template <class T>
index_t attention_workspace(const Sequences& sequences, const AttentionShape& shape, index_t threads) {
  using Products = detail::FullProducts<T>;  // the scratch is the same for all
  using Forward = typename detail::AttentionForward<Products>::template Scratch<T>;
  using Backward = typename detail::AttentionBackward<Products>::template Scratch<T>;
  const index_t own =
      std::max(detail::scratch_size<Forward, T>(sequences, shape), detail::scratch_size<Backward, T>(sequences, shape));
  const index_t pieces = std::max<index_t>(detail::key_pieces(sequences.max_seqlen).count, 1);
  return threads * own + (pieces - 1) * shape.num_tokens * shape.stride;
}

/// y (N, H·D) = dropout(softmax(scale·QKᵗ))·V per sequence and head. lse (H, N), log Σ e^score of each row, is kept for
/// the backward kernel and may be null.
template <class T>
void attention_forward(T* y, T* lse, const T* q, const T* k, const T* v, T scale, DropoutMask mask, Sequences sequences,
                       const AttentionShape& shape, T* workspace, Precision precision = Precision::full) noexcept {
  detail::with_products<T>(precision, [&](auto products) {
    detail::attention_forward<decltype(products)>(y, lse, q, k, v, scale, mask, sequences, shape, workspace);
  });
}

/// With P the probabilities, P' = dropout(P), δ = Σ dy·y of each row: dv = P'ᵗ·dy, dP = dropout(dy·Vᵗ),
/// dS = P·(dP − δ), dq = scale·dS·K, dk = scale·dSᵗ·Q. dq, dk, dv may not be the same memory.
template <class T>
void attention_backward(Sink<T> dq, Sink<T> dk, Sink<T> dv, const T* dy, const T* y, const T* lse, const T* q,
                        const T* k, const T* v, T scale, DropoutMask mask, Sequences sequences,
                        const AttentionShape& shape, T* workspace, Precision precision = Precision::full) noexcept {
  detail::with_products<T>(precision, [&](auto products) {
    detail::attention_backward<decltype(products)>(dq, dk, dv, dy, y, lse, q, k, v, scale, mask, sequences, shape,
                                                   workspace);
  });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
