// Definitions of kernels/attention.hpp.
#pragma once

#include <algorithm>

#include <minibert/kernels/attention.hpp>
#include <minibert/kernels/detail/attention_backward.hpp>
#include <minibert/kernels/detail/attention_forward.hpp>
#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Cuts n into at most `wanted` pieces. Their size is a multiple of `multiple`; only the final piece may be smaller.
struct EvenPieces {
  index_t size, count;
  EvenPieces(index_t n, index_t wanted, index_t multiple)
      : size(core::round_up(std::max<index_t>(core::ceil_div(n, std::max<index_t>(wanted, 1)), 1), multiple)),
        count(core::ceil_div(n, size)) {}
};

/// Cuts the queries of a sequence for the forward pass. Each piece packs the keys once for all its queries.
inline EvenPieces query_pieces(index_t len) {
  return {len, core::ceil_div(len, ForwardBlocks::kQueries - kMicroRows + 1), kMicroRows};
}

/// Cuts the keys of a sequence for the backward pass. Each piece but the first has a dq of its own, and all dq are
/// added up in the end. There are at most four pieces, so memory grows with the length of the sequence and not with its
/// square.
inline EvenPieces key_pieces(index_t len) {
  return {len, std::min<index_t>(core::ceil_div(len, 2 * BackwardBlocks::kKeys), 4), BackwardBlocks::kKeys};
}

/// A unit of work: a piece of one head of one sequence.
struct HeadPiece {
  index_t sequence, head, piece;
};

/// Calls f(unit, next) for all pieces of all heads of all sequences, on all threads. next: the unit that the same
/// thread takes next, or null if there is none. pieces(len).count: the number of pieces of a sequence of length len.
template <class Pieces, class F>
void for_heads(const Sequences& sequences, index_t heads, Pieces pieces, F f) noexcept {
  const index_t most = std::max<index_t>(pieces(sequences.max_seqlen).count, 1), units = sequences.count * most * heads;
  // A thread takes neighbouring units, so that it can prefetch the next one; 16 chunks per thread balance the load.
  const index_t grain = std::max<index_t>(units / (16 * num_threads()), 1);
  parallel_for(units, grain, [=](index_t begin, index_t end) {
    const auto at = [=](index_t unit) { return HeadPiece{unit / (most * heads), unit % heads, unit / heads % most}; };
    const auto exists = [=](const HeadPiece& it) {
      return it.piece < pieces(sequences.cu_seqlens[it.sequence + 1] - sequences.cu_seqlens[it.sequence]).count;
    };
    for (index_t unit = begin; unit < end; ++unit) {
      if (!exists(at(unit))) continue;
      const HeadPiece next = unit + 1 < end ? at(unit + 1) : at(unit);
      f(at(unit), unit + 1 < end && exists(next) ? &next : nullptr);
    }
  });
}

/// Locates the rows of a head.
struct HeadRows {
  index_t token, len;  // first row and length of the sequence
  index_t at;          // offset of the head's first element in a matrix
  HeadRows(const Sequences& sequences, const AttentionShape& shape, const HeadPiece& it)
      : token(sequences.cu_seqlens[it.sequence]),
        len(sequences.cu_seqlens[it.sequence + 1] - token),
        at(token * shape.stride + it.head * shape.head_size) {}
};

template <class T>
AttentionHead<T> attention_head(const AttentionInputs<T>& in, const HeadPiece& it) {
  const AttentionShape& shape = in.shape;
  const HeadRows queries(shape.queries, shape, it), keys(shape.keys, shape, it);
  DropoutMask own = in.mask;
  if (own) own.key = own.key.fold(shape.keys.global_rows[it.sequence]).fold(it.head);
  return {.q = in.q + queries.at,
          .k = in.k + keys.at,
          .v = in.v + keys.at,
          .num_queries = queries.len,
          .num_keys = keys.len,
          .head_size = shape.head_size,
          .stride = shape.stride,
          .scale = in.scale,
          .mask = own};
}

/// Returns how many rows to prefetch of each matrix of the next head, at most `rows`. matrices: number of its matrices.
/// With 64 columns, all prefetched rows together fill at most half of L2 (1 MB).
inline index_t prefetched_rows(index_t rows, index_t matrices) { return std::min<index_t>(rows, 2048 / matrices); }

/// Returns an empty queue for rows of one head.
template <class T>
PrefetchQueue empty_queue(const AttentionShape& shape) {
  constexpr auto size = static_cast<index_t>(sizeof(T));
  return {shape.head_size * size, shape.stride * size};
}

/// Returns the number of elements of T that each thread needs as scratch memory.
template <class Scratch, class T>
index_t scratch_size(const AttentionShape& shape) {
  ScratchCutter<T> count(nullptr);
  Scratch(count, shape.queries.max_seqlen, shape.keys.max_seqlen, shape.head_size);
  return count.used();
}

/// Returns the calling thread's part of the workspace.
template <class Scratch, class T>
Scratch own_scratch(T* workspace, const AttentionShape& shape) {
  ScratchCutter<T> memory(workspace + thread_index() * scratch_size<Scratch, T>(shape));
  return Scratch(memory, shape.queries.max_seqlen, shape.keys.max_seqlen, shape.head_size);
}

/// Adds n elements: y += x.
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
void attention_forward(Products products, T* y, T* lse, const AttentionInputs<T>& in, T* workspace) noexcept {
  const AttentionShape& shape = in.shape;
  using Scratch = typename AttentionForward<Products>::template Scratch<T>;
  for_heads(shape.queries, shape.num_heads, query_pieces, [=, &in, &shape](const HeadPiece& it, const HeadPiece* next) {
    const auto first_query = [](const HeadPiece& x, index_t len) { return x.piece * query_pieces(len).size; };
    const auto end_query = [=](const HeadPiece& x, index_t len) {
      return std::min(first_query(x, len) + query_pieces(len).size, len);
    };
    PrefetchQueue prefetch = empty_queue<T>(shape);
    if (next != nullptr) {
      const HeadRows queries(shape.queries, shape, *next), keys(shape.keys, shape, *next);
      const index_t first = first_query(*next, queries.len), at = queries.at + first * shape.stride;
      for (const T* matrix : {in.k, in.v}) prefetch.add(matrix + keys.at, prefetched_rows(keys.len, 4));
      for (const T* matrix : {in.q, static_cast<const T*>(y)})
        prefetch.add(matrix + at, prefetched_rows(end_query(*next, queries.len) - first, 4));
    }
    const auto head = attention_head(in, it);
    const HeadRows queries(shape.queries, shape, it);
    simd::dispatch<AttentionForward<Products>>(
        products, head, y + queries.at,
        lse == nullptr ? nullptr : lse + it.head * shape.queries.num_tokens() + queries.token,
        first_query(it, queries.len), end_query(it, queries.len), prefetch, own_scratch<Scratch>(workspace, shape));
  });
}

template <class Products, class T>
void attention_backward(Products products, const AttentionGradients<T>& gradients, const T* dy, const T* y,
                        const T* lse, const AttentionInputs<T>& in, T* workspace) noexcept {
  const AttentionShape& shape = in.shape;
  const Sink<T> dq = gradients.dq, dk = gradients.dk, dv = gradients.dv;
  using Scratch = typename AttentionBackward<Products>::template Scratch<T>;
  const index_t numel = shape.queries.num_tokens() * shape.stride;
  T* further_dq = workspace + num_threads() * scratch_size<Scratch, T>(shape);  // the dq of all pieces but the first
  for_heads(shape.keys, shape.num_heads, key_pieces, [=, &in, &shape](const HeadPiece& it, const HeadPiece* next) {
    const auto sink = [=](Sink<T> all, const HeadRows& rows) {
      return all ? Sink<T>{all.data + rows.at, all.accumulate} : all;
    };
    const auto dq_of = [=](const HeadPiece& x, const HeadRows& rows) {
      return x.piece == 0 || !dq ? sink(dq, rows) : Sink<T>{further_dq + (x.piece - 1) * numel + rows.at};
    };
    PrefetchQueue prefetch = empty_queue<T>(shape);
    if (next != nullptr) {
      const HeadRows queries(shape.queries, shape, *next), keys(shape.keys, shape, *next);
      const index_t size = key_pieces(keys.len).size, begin = next->piece * size, at = keys.at + begin * shape.stride;
      const index_t key_rows = prefetched_rows(std::min(size, keys.len - begin), 8),
                    query_rows = prefetched_rows(queries.len, 8);
      for (const T* matrix : {in.k, in.v}) prefetch.add(matrix + at, key_rows);
      for (const T* matrix : {in.q, dy, y}) prefetch.add(matrix + queries.at, query_rows);
      for (const Sink<T>& result : {dv, dk})
        if (result) prefetch.add(result.data + at, key_rows);
      if (dq) prefetch.add(dq_of(*next, queries).data, query_rows);
    }
    const HeadRows queries(shape.queries, shape, it), keys(shape.keys, shape, it);
    const index_t size = key_pieces(keys.len).size, begin = it.piece * size;
    const AttentionHeadBackward<T> backward{.head = attention_head(in, it),
                                            .dy = dy + queries.at,
                                            .y = y + queries.at,
                                            .lse = lse + it.head * shape.queries.num_tokens() + queries.token,
                                            .dq = dq_of(it, queries),
                                            .dk = sink(dk, keys),
                                            .dv = sink(dv, keys)};
    simd::dispatch<AttentionBackward<Products>>(products, backward, begin, std::min(begin + size, keys.len), prefetch,
                                                own_scratch<Scratch>(workspace, shape));
  });
  if (!dq || key_pieces(shape.keys.max_seqlen).count <= 1) return;
  parallel_for(shape.keys.count, 1, [=, &shape](index_t b, index_t) {
    const auto length_of = [=](const Sequences& x) { return x.cu_seqlens[b + 1] - x.cu_seqlens[b]; };
    const index_t start = shape.queries.cu_seqlens[b] * shape.stride;
    for (index_t piece = 1; piece < key_pieces(length_of(shape.keys)).count; ++piece)
      simd::dispatch<AddRows>(dq.data + start, static_cast<const T*>(further_dq + (piece - 1) * numel + start),
                              length_of(shape.queries) * shape.stride);
  });
}

}  // namespace detail

template <class T>
index_t attention_workspace(const AttentionShape& shape, index_t threads) {
  using Products = detail::PlainProducts<T>;  // all ways of products need the same scratch memory
  using Forward = typename detail::AttentionForward<Products>::template Scratch<T>;
  using Backward = typename detail::AttentionBackward<Products>::template Scratch<T>;
  const index_t own = std::max(detail::scratch_size<Forward, T>(shape), detail::scratch_size<Backward, T>(shape));
  const index_t pieces = std::max<index_t>(detail::key_pieces(shape.keys.max_seqlen).count, 1);
  return threads * own + (pieces - 1) * shape.queries.num_tokens() * shape.stride;
}

template <class T>
void attention_forward(T* y, T* lse, const AttentionInputs<T>& in, T* workspace, Precision precision) noexcept {
  detail::with_products<T>(precision,
                           [&](auto products) { detail::attention_forward(products, y, lse, in, workspace); });
}

template <class T>
void attention_backward(const AttentionGradients<T>& gradients, const T* dy, const T* y, const T* lse,
                        const AttentionInputs<T>& in, T* workspace, Precision precision) noexcept {
  detail::with_products<T>(
      precision, [&](auto products) { detail::attention_backward(products, gradients, dy, y, lse, in, workspace); });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                   \
  template index_t attention_workspace<T>(const AttentionShape& shape, index_t threads);                          \
  template void attention_forward(T* y, T* lse, const AttentionInputs<T>& in, T* workspace,                       \
                                  Precision precision) noexcept;                                                  \
  template void attention_backward(const AttentionGradients<T>& gradients, const T* dy, const T* y, const T* lse, \
                                   const AttentionInputs<T>& in, T* workspace, Precision precision) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
