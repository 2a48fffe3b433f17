// Multi-head attention (Vaswani et al., 2017) over concatenated sequences: softmax(scale·QKᵗ)·V, where the queries of
// each sequence attend to its own keys. No matrix of scores is stored; the backward pass recomputes scores from the
// log-sum-exp of each row (Dao et al., "FlashAttention", 2022).
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/core/precision.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>
#include <minibert/kernels/dropout.hpp>

namespace minibert::kernels {

/// The sizes of an attention operation: H heads of size D. q, y and their gradients have a row of H·D elements for each
/// query; k, v and their gradients have such a row for each key. All rows are `stride` elements apart. `queries` and
/// `keys` have the same number of sequences. A sequence that has queries also has keys.
struct AttentionShape {
  Sequences queries, keys;  ///< equal, unless only some tokens attend; keys.global_rows determine the dropout
  index_t num_heads = 0;
  index_t head_size = 0;
  index_t stride = 0;

  /// Self-attention: every token attends to every token of its sequence. Operands have no gaps between rows.
  static AttentionShape self(const Sequences& sequences, index_t heads, index_t head_size) noexcept {
    return {sequences, sequences, heads, head_size, heads * head_size};
  }
};

/// The inputs of both passes.
template <class T>
struct AttentionInputs {
  const T* q;  ///< (number of queries, H·D)
  const T* k;  ///< (number of keys, H·D)
  const T* v;  ///< (number of keys, H·D)
  T scale;     ///< multiplies the scores
  DropoutMask mask;
  AttentionShape shape;
};

/// The destinations of the gradients, which must not overlap. A gradient with an empty Sink is not computed.
template <class T>
struct AttentionGradients {
  Sink<T> dq = {}, dk = {}, dv = {};
};

inline namespace MINIBERT_ARCH {

/// Returns the number of elements of T that attention_forward and attention_backward need as scratch memory.
template <class T>
index_t attention_workspace(const AttentionShape& shape, index_t threads = num_threads());

/// Computes y = dropout(softmax(scale·QKᵗ))·V for each sequence and head. Unless lse is null, writes log Σ e^score
/// of each query to lse (H, number of queries), for the backward kernel.
template <class T>
void attention_forward(T* y, T* lse, const AttentionInputs<T>& in, T* workspace,
                       Precision precision = Precision::full) noexcept;

/// Computes the gradients. With the probabilities P, P' = dropout(P) and δ = Σ dy·y of each row: dv = P'ᵗ·dy,
/// dP = dropout(dy·Vᵗ), dS = P·(dP − δ), dq = scale·dS·K, dk = scale·dSᵗ·Q.
template <class T>
void attention_backward(const AttentionGradients<T>& gradients, const T* dy, const T* y, const T* lse,
                        const AttentionInputs<T>& in, T* workspace, Precision precision = Precision::full) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/attention.ipp>
#endif
