// Shape: the sizes of a tensor's dimensions.
#pragma once

#include <array>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// Returns sizes as text: "(2, 3)".
inline std::string shape_text(std::span<const index_t> sizes) {
  std::string text = "(";
  for (index_t d = 0; d < core::length(sizes); ++d) text += core::concat(d == 0 ? "" : ", ", core::at(sizes, d));
  return text + ")";
}

/// Holds the sizes of up to six dimensions. Elements along the last dimension are contiguous. A shape without sizes is
/// the shape of a scalar.
class Shape {
 public:
  static constexpr int kMaxDim = 6;

  Shape() = default;
  /// @throws ShapeError for more than kMaxDim sizes, a negative size, or a number of elements that does not fit index_t
  Shape(std::initializer_list<index_t> sizes) {
    core::check<ShapeError>(sizes.size() <= kMaxDim, "Shape: ", sizes.size(), " dimensions, expected at most ",
                            kMaxDim);
    for (const index_t size : sizes) {
      core::check<ShapeError>(size >= 0, "Shape: size ", size, " of dimension ", dim_,
                              " is negative, expected 0 or more");
      sizes_[core::usize(dim_++)] = size;
    }
    check_numel();
  }

  int dim() const noexcept { return dim_; }

  /// Returns the size of dimension `d`; a negative `d` counts from the end.
  /// @throws ShapeError if there is no dimension d
  index_t size(int d) const { return sizes_[core::usize(index_of(d))]; }
  index_t& size(int d) { return sizes_[core::usize(index_of(d))]; }

  /// Returns the number of elements; 1 for a scalar.
  index_t numel() const noexcept {
    index_t n = 1;
    for (int d = 0; d < dim_; ++d) n *= sizes_[core::usize(d)];
    return n;
  }

  /// Return the numbers of columns and rows of the shape as a matrix: the last dimension gives the columns, all other
  /// dimensions together give the rows. A scalar is 1 × 1.
  index_t columns() const noexcept { return dim_ == 0 ? 1 : sizes_[core::usize(dim_ - 1)]; }
  index_t rows() const noexcept { return columns() == 0 ? 0 : numel() / columns(); }

  /// Returns all sizes, in order.
  std::vector<index_t> sizes() const { return {sizes_.begin(), sizes_.begin() + dim_}; }

  /// Returns the shape without dimension `d`, which must be from 0 to dim() − 1; this is not checked.
  Shape without(int d) const noexcept {
    Shape rest;
    for (int i = 0; i < dim_; ++i)
      if (i != d) rest.sizes_[core::usize(rest.dim_++)] = sizes_[core::usize(i)];
    return rest;
  }

  /// Returns a shape with `size` before these sizes.
  /// @throws ShapeError if that makes more than kMaxDim sizes, or more elements than fit index_t
  Shape with_front(index_t size) const {
    core::check<ShapeError>(dim_ < kMaxDim, "Shape: ", dim_ + 1, " dimensions, expected at most ", kMaxDim);
    Shape more;
    more.sizes_[0] = size;
    for (int i = 0; i < dim_; ++i) more.sizes_[core::usize(i + 1)] = sizes_[core::usize(i)];
    more.dim_ = dim_ + 1;
    more.check_numel();
    return more;
  }

  /// Returns the index of dimension `d`, counted from 0 at the front. A negative `d` counts from the end.
  /// @throws ShapeError, with a message that begins with `op`, if there is no such dimension
  int index_of(int d, const char* op = "Shape") const {
    const int index = d < 0 ? d + dim_ : d;
    if (index < 0 || index >= dim_) [[unlikely]]
      raise_no_dimension(d, op);
    return index;
  }

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    if (a.dim_ != b.dim_) return false;
    for (int d = 0; d < a.dim_; ++d)
      if (a.sizes_[core::usize(d)] != b.sizes_[core::usize(d)]) return false;
    return true;
  }

  /// Returns "(2, 3)".
  friend std::string to_string(const Shape& shape) {
    return shape_text(std::span(shape.sizes_).first(core::usize(shape.dim_)));
  }
  /// Writes to_string(shape).
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const Shape& shape) {
    return out << to_string(shape).c_str();
  }

 private:
  [[noreturn, gnu::cold]] void raise_no_dimension(int d, const char* op) const {
    core::check<ShapeError>(dim_ > 0, op, ": found dimension ", d, ", but the shape () has no dimensions");
    core::raise<ShapeError>(op, ": found dimension ", d, ", expected ", -dim_, " to ", dim_ - 1, " for shape ", *this);
  }

  void check_numel() const {
    index_t n = 1;
    bool fits = true;
    for (int d = 0; d < dim_; ++d)
      if (sizes_[core::usize(d)] != 0) fits = fits && !__builtin_mul_overflow(n, sizes_[core::usize(d)], &n);
    core::check<ShapeError>(fits, "Shape: ", *this, " has too many elements, expected less than 2^63");
  }

  std::array<index_t, kMaxDim> sizes_{};
  int dim_ = 0;
};

}  // namespace minibert
