// Memory for a tape. An Arena releases memory all at once or in reverse order. A Pool releases pieces in any order.
// Both keep the memory that they have allocated, so the steady state does not allocate from the heap.
#pragma once

#include <cstddef>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>

namespace minibert {

/// A bump allocator over a list of chunks. Memory in use never moves. Each new chunk at least doubles the capacity.
/// Chunks are never merged: the system would have to clear the pages of the merged chunk again, while pages of separate
/// chunks that are never touched cost nothing.
class Arena {
 public:
  /// A position in the arena: the index of a chunk, and the number of bytes used in it.
  struct Mark {
    std::size_t chunk = 0, used = 0;
  };

  /// Returns `bytes` of uninitialized memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes);

  Mark mark() const noexcept { return {current_, used_}; }

  /// Releases everything that was allocated after mark() returned `to`.
  void rewind(Mark to) noexcept {
    current_ = to.chunk;
    used_ = to.used;
  }

  /// Releases everything but keeps the chunks, so the same allocations fit again without new chunks.
  void reset() noexcept { rewind({}); }

  /// Returns the number of bytes in all chunks, used or not.
  std::size_t capacity() const noexcept;

 private:
  static constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
  std::vector<AlignedBuffer> chunks_;
  std::size_t current_ = 0, used_ = 0;  // index of the chunk in use, and bytes used in it
};

/// Allocates and releases pieces in any order. Takes the smallest free piece that fits, and merges free neighbours.
class Pool {
 public:
  /// Returns `bytes` of uninitialized memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes);

  /// Releases memory that allocate() returned. bytes: the same value as in the call of allocate().
  void release(void* p, std::size_t bytes) noexcept;

  /// Releases everything.
  void release_all() noexcept;

  /// If there are several chunks, replaces them by a single one that is an eighth larger than all of them together: the
  /// next training step may cut the memory differently. Does nothing while memory is in use.
  /// @throws std::bad_alloc if there is no memory
  void reset();

  /// Returns the number of bytes in all chunks, used or not.
  std::size_t capacity() const noexcept;
  std::size_t in_use() const noexcept { return in_use_; }

 private:
  struct Piece {
    std::byte* data;
    std::size_t size;
  };

  bool starts_chunk(const std::byte* data) const noexcept;

  std::vector<Piece>::iterator grow(std::size_t bytes);

  static constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
  std::vector<AlignedBuffer> chunks_;
  std::vector<Piece> free_;  // sorted by address
  std::size_t in_use_ = 0;
};

/// Scratch memory: one block that grows to the largest requested size. Growing discards the contents.
class Workspace {
 public:
  /// Returns uninitialized memory for `count` elements of T. Invalidates the memory that earlier calls returned.
  /// @throws std::bad_alloc if there is no memory
  template <class T>
  T* get(index_t count) {
    const std::size_t bytes = core::usize(count) * sizeof(T);
    if (buffer_.size() < bytes) buffer_ = AlignedBuffer(bytes);
    return reinterpret_cast<T*>(buffer_.data());
  }

 private:
  AlignedBuffer buffer_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/arena.ipp>
#endif
