// A kernel's scratch memory, cut into arrays.
#pragma once

#include <minibert/core/config.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

constexpr index_t round_up(index_t n, index_t multiple) noexcept { return (n + multiple - 1) / multiple * multiple; }

namespace detail {

/// Cuts arrays of T off a block, each aligned as the block is; without a block it only counts.
template <class T>
class ScratchCutter {
 public:
  explicit ScratchCutter(T* block) : block_(block) {}
  T* cut(index_t count) {
    T* piece = block_ == nullptr ? nullptr : block_ + used_;
    used_ += round_up(count, 64 / static_cast<index_t>(sizeof(T)));
    return piece;
  }
  /// The same as elements of another type of the same size or smaller, `count` of them.
  template <class U>
  U* cut_as(index_t count) {
    static_assert(sizeof(U) <= sizeof(T));
    return reinterpret_cast<U*>(cut(count));
  }
  index_t used() const { return used_; }

 private:
  T* block_;
  index_t used_ = 0;
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
