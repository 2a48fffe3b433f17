// A dimension that the user names.
#pragma once

#include <minibert/tensor/shape.hpp>

namespace minibert::functional::detail {

/// `dim` counted from the front; negative ones count from the end. @throws ShapeError if there is no such dimension
inline int check_dimension(const char* op, const Shape& shape, int dim) {
  core::check<ShapeError>(dim >= -shape.dim() && dim < shape.dim(), op, ": there is no dimension ", dim, " in shape ",
                          shape);
  return dim < 0 ? dim + shape.dim() : dim;
}

}  // namespace minibert::functional::detail
