// Definitions of ops/cat.hpp.
#pragma once

#include <algorithm>
#include <span>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>
#include <minibert/ops/cat.hpp>
#include <minibert/ops/detail/dimension.hpp>

namespace minibert::functional {

namespace detail {

/// Returns the shape of the concatenation of `parts` along dimension d. @throws ShapeError if another dimension differs
template <class T>
Shape cat_shape(std::span<const Variable<T>> parts, int d) {
  Shape result = parts[0].shape();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Shape& part = parts[i].shape();
    core::check<ShapeError>(part.dim() == result.dim() && part.without(d) == result.without(d), "cat: part ", i,
                            " has shape ", part, ", expected the shape of part 0, ", parts[0].shape(),
                            ", except in dimension ", d);
    result.size(d) += part.size(d);
  }
  return result;
}

template <class T>
Variable<T> cat(std::span<const Variable<T>> parts, int dim) {
  struct Piece {
    Input<T> in;
    index_t offset,
        width;  // start and length of the part in a row of y, in elements; a row spans dimensions d and later
  };
  core::check<ShapeError>(!parts.empty(), "cat: found no variables, expected at least one");
  const int d = parts[0].shape().index_of(dim, "cat");
  const Shape shape = cat_shape(parts, d);
  const Dimension joined = Dimension::of(shape, d);
  const index_t row = joined.size * joined.inner;
  Op<T> op("cat", parts[0].tape());
  const index_t count = core::length(parts);
  Piece* pieces = op.tape().template scratch<Piece>(count);
  index_t offset = 0;
  for (index_t i = 0; i < count; ++i) {
    const Variable<T>& part = core::at(parts, i);
    pieces[i] = {op.input(part), offset, part.size(d) * joined.inner};
    offset += pieces[i].width;
  }
  T* y = op.output(shape);
  for (index_t i = 0; i < count; ++i)
    for (index_t begin = 0; begin < pieces[i].in.numel(); begin += pieces[i].width)
      std::copy_n(pieces[i].in.data() + begin, pieces[i].width, y + begin / pieces[i].width * row + pieces[i].offset);
  return op.record([=](const T* dy, Gradients<T>& g) {
    for (index_t i = 0; i < count; ++i) {  // one gradient after another: if a variable occurs twice, the second adds
      const index_t width = pieces[i].width, start = pieces[i].offset;
      kernels::generate(g.slot(pieces[i].in), pieces[i].in.numel(),
                        [=](index_t j) { return dy[j / width * row + start + j % width]; });
    }
  });
}

}  // namespace detail

template <class T>
Variable<T> cat(std::initializer_list<Variable<T>> parts, int dim) {
  return detail::cat(std::span<const Variable<T>>(parts.begin(), parts.size()), dim);
}

template <class T>
Variable<T> cat(const std::vector<Variable<T>>& parts, int dim) {
  return detail::cat(std::span<const Variable<T>>(parts), dim);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                \
  template Variable<T> cat(std::initializer_list<Variable<T>> parts, int dim); \
  template Variable<T> cat(const std::vector<Variable<T>>& parts, int dim);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
