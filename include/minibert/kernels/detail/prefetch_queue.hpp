// Prefetches what a thread needs next, while it computes.
#pragma once

#include <minibert/kernels/detail/gemm_micro.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// A queue of matrix rows to prefetch. Only a short part of each row is needed, so the hardware prefetcher does not
/// predict the next address. Micro-tiles take the rows one after the other. At each step, a micro-tile prefetches one
/// cache line of one row.
class PrefetchQueue {
 public:
  /// row_bytes: number of bytes to prefetch of each row. Rows start stride_bytes bytes apart.
  PrefetchQueue(index_t row_bytes, index_t stride_bytes)
      : lines_(core::ceil_div(row_bytes, kLine)), stride_(stride_bytes) {}

  /// Adds a matrix of `rows` rows, to be read or written. Does nothing if the queue already has kMatrices matrices.
  void add(const void* first, index_t rows) {
    if (rows > 0 && count_ < kMatrices) matrices_[count_++] = {static_cast<const char*>(first), rows};
  }

  void clear() { count_ = current_ = 0, row_ = line_ = 0; }

  bool is_done() const { return current_ == count_; }

  /// Takes from the queue what a micro-tile of `steps` steps prefetches: one cache line per step.
  [[gnu::always_inline]] MicroPrefetch next(index_t steps) {
    if (current_ == count_) return {this, 0};  // nothing to prefetch: a line in L1
    const Piece& matrix = matrices_[current_];
    const MicroPrefetch found{matrix.first + row_ * stride_ + line_ * kLine, stride_};
    row_ += steps;
    if (row_ >= matrix.rows) {
      row_ = 0;
      if (++line_ == lines_) line_ = 0, ++current_;
    }
    return found;
  }

 private:
  static constexpr int kMatrices = 8;
  static constexpr index_t kLine = 64;
  struct Piece {
    const char* first;
    index_t rows;
  };
  Piece matrices_[kMatrices];
  index_t lines_, stride_, row_ = 0, line_ = 0;
  int count_ = 0, current_ = 0;
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
