// Describes a shape as (outer, size, inner) around one dimension, for ops that work along that dimension.
#pragma once

#include <minibert/tensor/shape.hpp>

namespace minibert::functional::detail {

/// Element (o, i, k) of a tensor of shape (outer, size, inner) has the number (o·size + i)·inner + k.
struct Dimension {
  index_t size = 1;   ///< of the dimension itself
  index_t inner = 1;  ///< product of the sizes behind it

  /// `d` counts from the front.
  static Dimension of(const Shape& shape, int d) {
    Dimension it{.size = shape.size(d)};
    for (int i = d + 1; i < shape.dim(); ++i) it.inner *= shape.size(i);
    return it;
  }
};

}  // namespace minibert::functional::detail
