// Sums of table rows by index: BERT's word + position + token type embedding in one op.
#pragma once

#include <array>
#include <initializer_list>
#include <span>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/embedding.hpp>

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
Variable<T> embedding(std::initializer_list<Lookup<T>> lookups) {
  constexpr std::size_t kMaxLookups = 4;
  struct Kept {
    Input<T> table;
    const token_id* indices;
    index_t padding_idx;
  };
  core::check<ShapeError>(lookups.size() >= 1 && lookups.size() <= kMaxLookups, "embedding: ", lookups.size(),
                          " lookups, expected 1 to ", kMaxLookups);
  const Lookup<T>& first = *lookups.begin();
  core::check<ShapeError>(first.table.dim() == 2, "embedding: table 0 has shape ", first.table.shape(),
                          ", expected (rows, features)");
  const index_t n = core::length(first.indices), d = first.table.size(-1);
  Op<T> op("embedding", first.table.tape());
  std::array<Kept, kMaxLookups> kept{};
  std::size_t count = 0;
  for (const Lookup<T>& lookup : lookups) {
    const Shape& shape = lookup.table.shape();
    core::check<ShapeError>(shape.dim() == 2 && shape.size(1) == d, "embedding: table ", count, " has shape ", shape,
                            ", expected (rows, ", d, ")");
    core::check<ShapeError>(core::length(lookup.indices) == n, "embedding: ", lookup.indices.size(),
                            " indices for table ", count, ", expected ", n);
    for (index_t t = 0; t < n; ++t)
      core::check<ValueError>(core::at(lookup.indices, t) >= 0 && core::at(lookup.indices, t) < shape.size(0),
                              "embedding: index ", core::at(lookup.indices, t), " at position ", t,
                              " is outside a table of ", shape.size(0), " rows");
    kept[count++] = {op.input(lookup.table), op.tape().keep(lookup.indices), lookup.padding_idx};
  }
  T* y = op.output(Shape{n, d});
  for (std::size_t i = 0; i < count; ++i)
    kernels::gather_rows(Sink<T>{y, i > 0}, kept[i].table.data(), kept[i].indices, n, d);
  return op.record([=](const T* dy, Gradients<T>& g) {
    for (std::size_t i = 0; i < count; ++i) {
      const Kept& it = kept[i];
      kernels::scatter_rows(g.slot(it.table), dy, it.indices, it.padding_idx, n, it.table.shape().size(0), d);
    }
  });
}

/// y[t] = table[indices[t]], as torch.nn.functional.embedding. table: (rows, D); y: (N, D). The indices are copied.
/// @throws ShapeError unless the table has two dimensions; ValueError for an index outside the table
template <class T>
Variable<T> embedding(Variable<T> table, std::span<const token_id> indices, index_t padding_idx = -1) {
  return embedding<T>({{table, indices, padding_idx}});
}

}  // namespace minibert::functional
