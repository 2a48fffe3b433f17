// A view of a matrix: a pointer and two strides.
#pragma once

#include <minibert/core/types.hpp>

namespace minibert::kernels {

/// Element (i, j) is at data[i·row_stride + j·column_stride]. At least one of the strides is 1. Strides are in
/// elements.
template <class T>
struct Matrix {
  const T* data;
  index_t row_stride;
  index_t column_stride = 1;

  /// Returns the submatrix that begins at element (i, j).
  Matrix at(index_t i, index_t j) const noexcept {
    return {data + i * row_stride + j * column_stride, row_stride, column_stride};
  }
  Matrix transposed() const noexcept { return {data, column_stride, row_stride}; }
};

}  // namespace minibert::kernels
