// Looks up table rows by index and adds them up: one op for the sum of BERT's word, position and token type embeddings.
#pragma once

#include <initializer_list>
#include <span>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// A table and the indices of the rows to look up.
template <class T>
struct Lookup {
  Variable<T> table;                  ///< (rows, D)
  std::span<const token_id> indices;  ///< N row indices
  index_t padding_idx = -1;           ///< index of a row that gets no gradient, as in torch.nn.Embedding; −1: none
};

/// Computes y[t] = Σ table[indices[t]] over the lookups. Takes 1 to 4 lookups, each with N indices. y: (N, D). Copies
/// the indices.
/// @throws ShapeError for another number of lookups, or if the numbers of features or indices differ; ValueError for an
/// index outside its table
template <class T>
Variable<T> embedding(std::initializer_list<Lookup<T>> lookups);

/// Computes y[t] = table[indices[t]], as torch.nn.functional.embedding. table: (rows, D); y: (N, D). Copies the
/// indices.
/// @throws ShapeError unless the table has two dimensions; ValueError for an index outside the table
template <class T>
Variable<T> embedding(Variable<T> table, std::span<const token_id> indices, index_t padding_idx = -1);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/embedding.ipp>
#endif
