// Divides a kernel's scratch memory into arrays.
#pragma once

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Cuts arrays of T off a block of memory. Each array is aligned to a cache line if the block is. Without a block
/// (null), only counts elements.
template <class T>
class ScratchCutter {
 public:
  explicit ScratchCutter(T* block) : block_(block) {}

  /// Returns an array of `count` elements; null without a block.
  T* cut(index_t count) {
    T* piece = block_ == nullptr ? nullptr : block_ + used_;
    used_ += core::round_up(count, 64 / static_cast<index_t>(sizeof(T)));
    return piece;
  }
  /// Returns an array of `count` elements of U, a type no larger than T.
  template <class U>
  U* cut_as(index_t count) {
    static_assert(sizeof(U) <= sizeof(T));
    return reinterpret_cast<U*>(cut(count));
  }
  /// Returns the number of elements of T that all arrays together take.
  index_t used() const { return used_; }

 private:
  T* block_;
  index_t used_ = 0;
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
