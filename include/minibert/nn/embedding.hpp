// Embedding table.
#pragma once

#include <span>

#include <minibert/nn/scope.hpp>
#include <minibert/ops/embedding.hpp>

namespace minibert::nn {

/// Looks up rows of a table, as torch.nn.Embedding. weight: (num_embeddings, D), initialized from N(0, 1). The row
/// padding_idx is initialized to zero and gets no gradient from lookups. A padding_idx of −1 means that there is no
/// such row.
template <class T>
class Embedding {
 public:
  Embedding(const Scope<T>& scope, index_t num_embeddings, index_t embedding_dim, index_t padding_idx = -1);

  /// Returns a lookup of these rows, an argument of functional::embedding. That function adds up lookups in several
  /// tables.
  functional::Lookup<T> lookup(Tape<T>& tape, std::span<const token_id> indices) const;

  /// Computes y[t] = weight[indices[t]]. y: (N, D), where N is the number of indices.
  Variable<T> forward(Tape<T>& tape, std::span<const token_id> indices) const;

  Parameter<T>* weight;

 private:
  index_t padding_idx_;
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/embedding.ipp>
#endif
