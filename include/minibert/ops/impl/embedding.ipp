// Definitions of ops/embedding.hpp.
#pragma once

#include <array>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/embedding.hpp>
#include <minibert/ops/embedding.hpp>

namespace minibert::functional {

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
                            ", expected (rows, ", d, "), as table 0 has");
    core::check<ShapeError>(core::length(lookup.indices) == n, "embedding: ", lookup.indices.size(),
                            " indices for table ", count, ", expected ", n, ", as for table 0");
    const index_t rows = shape.size(0);
    for (index_t t = 0; t < n; ++t)
      core::check<ValueError>(core::at(lookup.indices, t) >= 0 && core::at(lookup.indices, t) < rows,
                              "embedding: index ", core::at(lookup.indices, t), " at position ", t, ", expected 0 to ",
                              rows - 1, ", the rows of table ", count);
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

template <class T>
Variable<T> embedding(Variable<T> table, std::span<const token_id> indices, index_t padding_idx) {
  return embedding<T>({{table, indices, padding_idx}});
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                             \
  template Variable<T> embedding(std::initializer_list<Lookup<T>> lookups); \
  template Variable<T> embedding(Variable<T> table, std::span<const token_id> indices, index_t padding_idx);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
