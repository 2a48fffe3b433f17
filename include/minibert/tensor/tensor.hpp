// Tensor: a shape, and the numbers that the tensor owns.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <minibert/core/aligned_buffer.hpp>
#include <minibert/core/error.hpp>
#include <minibert/tensor/shape.hpp>
#include <minibert/tensor/views.hpp>

namespace minibert {

/// Owns contiguous numbers in row-major order. Copies are deep. Constructors throw std::bad_alloc if there is no
/// memory.
template <class T>
class Tensor {
 public:
  Tensor() : Tensor(Shape{0}) {}

  /// Makes a tensor of zeros.
  explicit Tensor(const Shape& shape) : shape_(shape), buffer_(core::usize(shape.numel()) * sizeof(T)) {
    std::fill_n(data(), numel(), T{0});
  }
  /// Copies shape.numel() values.
  Tensor(const Shape& shape, const T* values) : shape_(shape), buffer_(core::usize(shape.numel()) * sizeof(T)) {
    std::copy_n(values, numel(), data());
  }
  /// @throws ShapeError if there are not shape.numel() values
  Tensor(const Shape& shape, std::initializer_list<T> values) : Tensor(shape) {
    core::check<ShapeError>(core::length(values) == numel(), "Tensor: ", values.size(), " values for shape ", shape,
                            ", expected ", numel());
    std::copy(values.begin(), values.end(), data());
  }
  Tensor(const Tensor& other) : Tensor(other.shape_, other.data()) {}
  /// The moved-from tensor is empty, with shape (0).
  Tensor(Tensor&& other) noexcept : Tensor() { *this = std::move(other); }
  Tensor& operator=(const Tensor& other) { return *this = Tensor(other); }
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(buffer_, other.buffer_);
    return *this;
  }

  const Shape& shape() const noexcept { return shape_; }
  int dim() const noexcept { return shape_.dim(); }
  index_t size(int d) const { return shape_.size(d); }
  index_t numel() const noexcept { return shape_.numel(); }
  T* data() noexcept { return reinterpret_cast<T*>(buffer_.data()); }
  const T* data() const noexcept { return reinterpret_cast<const T*>(buffer_.data()); }

  /// Returns the value of a tensor of one element. @throws ShapeError if there is not exactly one
  T item() const {
    core::check<ShapeError>(numel() == 1, "item: needs one element, the tensor has shape ", shape_);
    return *data();
  }

  /// Views the last dimension as columns and all others as rows, without a copy. Needs #include <Eigen/Core>.
  MatrixMap<T> matrix() { return MatrixMap<T>(data(), shape_.rows(), shape_.columns()); }
  ConstMatrixMap<T> matrix() const { return ConstMatrixMap<T>(data(), shape_.rows(), shape_.columns()); }
  /// Views all elements in order, without a copy. Needs #include <Eigen/Core>.
  VectorMap<T> vector() { return VectorMap<T>(data(), numel()); }
  ConstVectorMap<T> vector() const { return ConstVectorMap<T>(data(), numel()); }

 private:
  Shape shape_;
  AlignedBuffer buffer_;
};

}  // namespace minibert
