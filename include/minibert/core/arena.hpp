// Memory for a tape. An Arena releases memory all at once or in reverse order. A Pool releases blocks in any order.
// Both keep released memory for later use, so after the first steps nothing is allocated from the heap. They return
// memory to the heap after many steps that needed much less (see Usage).
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>

namespace minibert {

/// Decides when an allocator returns its memory to the heap: after kSteps steps in a row, if each of them used less
/// than a quarter of the memory.
class Usage {
 public:
  static constexpr int kSteps = 64;
  static constexpr std::size_t kSmall = std::size_t{4} << 20;  ///< bytes that are kept in any case

  /// Call this with the number of bytes that are in use. Keeps the largest number of the current step.
  void note(std::size_t bytes) noexcept { peak_ = std::max(peak_, bytes); }

  /// Ends a step. Returns true if the allocator should free its memory, `capacity` bytes.
  bool end_step(std::size_t capacity) noexcept {
    steps_ = peak_ >= capacity / 4 ? 0 : std::min(steps_ + 1, kSteps);
    peak_ = 0;
    if (steps_ < kSteps || capacity <= kSmall) return false;
    steps_ = 0;
    return true;
  }

 private:
  std::size_t peak_ = 0;
  int steps_ = 0;
};

/// A bump allocator over a list of chunks. Memory in use never moves. Each new chunk at least doubles the capacity.
/// Chunks are never replaced by a single larger one: its memory would be new, and the system would have to clear each
/// page again.
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
    usage_.note(used());
    current_ = to.chunk;
    used_ = to.used;
  }

  /// Releases everything and ends a step. Keeps the chunks for the next step, unless Usage::end_step() says to free
  /// them.
  void reset() noexcept;

  /// Returns the number of bytes in all chunks, used or not.
  std::size_t capacity() const noexcept;

 private:
  static constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
  std::size_t used() const noexcept;  // bytes, with what is left over in earlier chunks

  std::vector<AlignedBuffer> chunks_;
  std::size_t current_ = 0, used_ = 0;  // index of the chunk in use, and bytes used in it
  Usage usage_;
};

/// An allocator whose blocks can be released in any order. Allocates from the smallest free block that is large enough,
/// and merges free neighbours.
class Pool {
 public:
  /// Returns `bytes` of uninitialized memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes);

  /// Releases memory that allocate() returned. bytes: the same value as in the call of allocate().
  void release(void* p, std::size_t bytes) noexcept;

  /// Releases everything.
  void release_all() noexcept;

  /// Ends a step. If there are several chunks, replaces them by a single one. It is an eighth larger than all of them
  /// together, because the next training step may allocate blocks of other sizes. If Usage::end_step() says so, frees
  /// the chunks instead. Does nothing while memory is in use.
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
  Usage usage_;
};

/// Scratch memory: one block that grows to the largest requested size. Growing discards the contents. reset() frees the
/// block if Usage::end_step() says so.
class Workspace {
 public:
  /// Returns uninitialized memory for `count` elements of T. Invalidates the memory that earlier calls returned.
  /// @throws std::bad_alloc if there is no memory
  template <class T>
  T* get(index_t count) {
    const std::size_t bytes = core::usize(count) * sizeof(T);
    usage_.note(bytes);
    if (buffer_.size() < bytes) buffer_ = AlignedBuffer(bytes);
    return reinterpret_cast<T*>(buffer_.data());
  }

  /// Ends a step. Invalidates the memory that get() returned.
  void reset() noexcept {
    if (usage_.end_step(buffer_.size())) buffer_ = AlignedBuffer();
  }

  /// Returns the size of the block in bytes.
  std::size_t capacity() const noexcept { return buffer_.size(); }

 private:
  AlignedBuffer buffer_;
  Usage usage_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/arena.ipp>
#endif
