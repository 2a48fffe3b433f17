// Uninitialized memory for numbers, aligned to a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <minibert/core/types.hpp>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace minibert {

/// The alignment in bytes of all memory for numbers: one cache line, which is also the size of the widest vector.
inline constexpr std::size_t kAlignment = 64;

/// Returns `bytes` rounded up to a multiple of kAlignment.
constexpr std::size_t aligned_size(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Owns `size()` uninitialized bytes. Move-only. A buffer of kLargePage bytes or more asks for huge pages, because
/// activations span more small pages than the TLB holds. With huge pages, attention is 5 % faster and matrix products
/// are 2 % faster. On Linux such a buffer is allocated with mmap, so that the destructor returns its memory to the
/// system. malloc would keep freed blocks of up to 32 MB, which made a long-lived process grow by a quarter.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  /// Allocates aligned_size(bytes) bytes. @throws std::bad_alloc if there is no memory
  explicit AlignedBuffer(std::size_t bytes) : size_(aligned_size(bytes)) {
    if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - 2 * kLargePage) throw std::bad_alloc();
    is_mapped_ = kMapsLarge && size_ >= kLargePage;
    if (is_mapped_)
      data_ = map(mapped_size());
    else if (size_ > 0)
      data_ = static_cast<std::byte*>(::operator new(size_, alignment()));
  }
  ~AlignedBuffer() {
    if (data_ == nullptr) return;
    if (is_mapped_)
      unmap(data_, mapped_size());
    else
      ::operator delete(data_, alignment());
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        is_mapped_(other.is_mapped_) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(is_mapped_, other.is_mapped_);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t kLargePage = std::size_t{2} << 20;  // bytes

  // AddressSanitizer checks the bounds of memory from operator new. A unit without it may destroy the buffer, so the
  // buffer knows how it was allocated.
#if !defined(__linux__) || defined(__SANITIZE_ADDRESS__)
  static constexpr bool kMapsLarge = false;
#else
  static constexpr bool kMapsLarge = true;
#endif
#ifdef __linux__
  /// Maps `bytes` bytes at an address that is a multiple of kLargePage.
  static std::byte* map(std::size_t bytes) {
    void* all = mmap(nullptr, bytes + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    auto* begin = static_cast<std::byte*>(all);
    const std::size_t before = (kLargePage - reinterpret_cast<std::uintptr_t>(begin) % kLargePage) % kLargePage;
    unmap(begin, before);
    unmap(begin + before + bytes, kLargePage - before);
    madvise(begin + before, bytes, MADV_HUGEPAGE);  // only a hint, so a refusal is ignored
    return begin + before;
  }
  static void unmap(std::byte* data, std::size_t bytes) noexcept {
    if (bytes > 0) munmap(data, bytes);
  }
#else
  static std::byte* map(std::size_t) { return nullptr; }
  static void unmap(std::byte*, std::size_t) noexcept {}
#endif
  /// Returns the size in bytes, rounded up to whole pages. Apart from huge pages, Linux has pages of at most 64 KB.
  std::size_t mapped_size() const noexcept { return (size_ + 0xFFFF) / 0x10000 * 0x10000; }

  std::align_val_t alignment() const noexcept { return std::align_val_t{size_ < kLargePage ? kAlignment : kLargePage}; }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool is_mapped_ = false;
};

}  // namespace minibert
