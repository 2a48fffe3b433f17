// Describes a shape as (outer, size, inner) around one dimension, for ops that work along that dimension.
#pragma once

#include <minibert/tensor/shape.hpp>

namespace minibert::functional::detail {

/// One dimension of a tensor, whose shape is viewed as (outer, size, inner). The offset of element (o, i, k) is (o·size
/// + i)·inner + k.
struct Dimension {
  index_t size = 1;   ///< size of the dimension itself
  index_t inner = 1;  ///< product of the sizes of all later dimensions

  /// Describes dimension `d` of a shape. `d` counts from the front and must not be negative.
  static Dimension of(const Shape& shape, int d) {
    Dimension it{.size = shape.size(d)};
    for (int i = d + 1; i < shape.dim(); ++i) it.inner *= shape.size(i);
    return it;
  }
};

}  // namespace minibert::functional::detail
