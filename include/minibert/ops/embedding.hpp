// Sums of table rows by index: BERT's word + position + token type embedding in one op.
#pragma once

#include <initializer_list>
#include <span>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// A table and the numbers of the rows to look up.
template <class T>
struct Lookup {
  Variable<T> table;                  ///< (rows, D)
  std::span<const token_id> indices;  ///< N row numbers
  index_t padding_idx = -1;           ///< a row that gets no gradient, as in torch.nn.Embedding; −1 for none
};

/// y[t] = Σ table[indices[t]] over the lookups: 1 to 4 of them, each with N indices. y: (N, D). The indices are copied.
/// @throws ShapeError if the numbers of lookups, features or indices do not fit; ValueError for an index outside its
/// table
template <class T>
Variable<T> embedding(std::initializer_list<Lookup<T>> lookups);

/// y[t] = table[indices[t]], as torch.nn.functional.embedding. table: (rows, D); y: (N, D). The indices are copied.
/// @throws ShapeError unless the table has two dimensions; ValueError for an index outside the table
template <class T>
Variable<T> embedding(Variable<T> table, std::span<const token_id> indices, index_t padding_idx = -1);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/embedding.ipp>
#endif
