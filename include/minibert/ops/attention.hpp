// Computes multi-head attention over sequences laid end to end. Each sequence is computed as by
// torch.nn.functional.scaled_dot_product_attention.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional {

/// Dropout of the attention probabilities.
struct AttentionDropout {
  double p = 0;     ///< probability that a value is zeroed
  random::Key key;  ///< determines which values are zeroed
};

/// Computes y = dropout(softmax(Q·Kᵗ/√D))·V for each of the H = num_heads heads of each sequence (Vaswani et al.,
/// 2017). D is the size of a head. The queries of a sequence attend to all keys of the same sequence. query and y have
/// the shape (M, H·D); `queries` assigns these rows to sequences. key and value have the shape (N, H·D); `keys` assigns
/// these rows to sequences. The arrays of `queries` and `keys` must live until the backward pass has run.
/// @throws ShapeError if shapes, heads or sequences do not fit; ValueError unless 0 ≤ dropout.p < 1, if dropout.p > 0
/// but keys.global_rows is missing, or if a sequence has queries but no key
template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& queries, const Sequences& keys, const AttentionDropout& dropout = {});

/// Computes self-attention: every token attends to all tokens of its sequence. query, key, value and the result have
/// the shape (N, H·D), for N tokens and H = num_heads heads of size D.
/// @throws as the other attention()
template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& sequences, const AttentionDropout& dropout = {});

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/attention.ipp>
#endif
