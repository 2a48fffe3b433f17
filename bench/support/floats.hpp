// Vectors of floats with the same memory as tensors: aligned, in large pages.
#pragma once

#include <new>
#include <utility>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>

namespace minibert::bench {

/// Takes memory from an AlignedBuffer. The AlignedBuffer object itself is kept at the start of this memory, the
/// elements follow.
template <class T>
struct BufferAllocator {
  using value_type = T;
  BufferAllocator() = default;
  template <class U>
  BufferAllocator(const BufferAllocator<U>&) {}

  T* allocate(std::size_t n) {
    AlignedBuffer buffer(kAlignment + n * sizeof(T));
    std::byte* place = buffer.data();
    new (place) AlignedBuffer(std::move(buffer));
    return reinterpret_cast<T*>(place + kAlignment);
  }
  void deallocate(T* elements, std::size_t) {
    auto* own = reinterpret_cast<AlignedBuffer*>(reinterpret_cast<std::byte*>(elements) - kAlignment);
    const AlignedBuffer buffer = std::move(*own);
    own->~AlignedBuffer();
  }
  friend bool operator==(const BufferAllocator&, const BufferAllocator&) { return true; }

  static_assert(sizeof(AlignedBuffer) <= kAlignment);
};

using Floats = std::vector<float, BufferAllocator<float>>;

}  // namespace minibert::bench
