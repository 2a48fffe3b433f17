// What a thread will need next, brought into the cache while it computes.
#pragma once

#include <minibert/kernels/detail/gemm_micro.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Short pieces of long rows, which no processor foresees: handed out to micro-tiles, each of which fetches a cache
/// line of every row on its way through the products.
class FetchAhead {
 public:
  /// Pieces of row_bytes, rows stride_bytes apart.
  FetchAhead(index_t row_bytes, index_t stride_bytes)
      : lines_((row_bytes + kLine - 1) / kLine), stride_(stride_bytes) {}

  /// The pieces of `rows` rows of a matrix, to be read or written.
  void add(const void* first, index_t rows) {
    if (rows > 0 && count_ < kMatrices) matrices_[count_++] = {static_cast<const char*>(first), rows};
  }

  void clear() { count_ = current_ = 0, row_ = line_ = 0; }

  bool is_done() const { return current_ == count_; }

  /// What a micro-tile of so many steps fetches.
  [[gnu::always_inline]] MicroAhead next(index_t steps) {
    if (current_ == count_) return {this, 0};  // nothing is left: what is here anyway
    const Pieces& matrix = matrices_[current_];
    const MicroAhead ahead{matrix.first + row_ * stride_ + line_ * kLine, stride_};
    row_ += steps;
    if (row_ >= matrix.rows) {
      row_ = 0;
      if (++line_ == lines_) line_ = 0, ++current_;
    }
    return ahead;
  }

 private:
  static constexpr int kMatrices = 8;
  static constexpr index_t kLine = 64;
  struct Pieces {
    const char* first;
    index_t rows;
  };
  Pieces matrices_[kMatrices];
  index_t lines_, stride_, row_ = 0, line_ = 0;
  int count_ = 0, current_ = 0;
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
