// Multi-head attention over sequences laid end to end, as torch.nn.functional.scaled_dot_product_attention on each.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional {

/// Dropout of the attention probabilities.
struct AttentionDropout {
  double p = 0;
  random::Key key;
};

/// y = dropout(softmax(Q·Kᵗ/√D))·V for each head of each sequence (Vaswani et al., 2017): the queries of a sequence
/// attend to all keys of the same sequence. query: (M, H·D), laid out by `queries`; key, value: (N, H·D), laid out by
/// `keys`; y: (M, H·D). The arrays of `queries` and `keys` must live until the backward pass.
/// @throws ShapeError if shapes, heads or sequences do not fit; ValueError for a dropout probability outside [0, 1), or
/// for a sequence with queries and no key
template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& queries, const Sequences& keys, const AttentionDropout& dropout = {});

/// Self-attention: every token attends to all tokens of its sequence. query, key, value, y: (N, H·D).
/// @throws as above
template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& sequences, const AttentionDropout& dropout = {});

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/attention.ipp>
#endif
