// Memory for a tape. An Arena releases memory all at once or in reverse order. A Pool releases pieces in any order.
// Both keep the memory that they have allocated, so the steady state does not allocate from the heap. They give it back
// after many steps that needed much less (see Usage).
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>

namespace minibert {

/// Decides when to give memory back: after kSteps steps in a row that each used less than a quarter of it.
class Usage {
 public:
  static constexpr int kSteps = 64;
  static constexpr std::size_t kSmall = std::size_t{4} << 20;  ///< bytes that are kept in any case

  /// Notes that the current step uses `bytes` at the same time.
  void note(std::size_t bytes) noexcept { peak_ = std::max(peak_, bytes); }

  /// Ends a step. Returns true if the memory, `capacity` bytes, should be given back.
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
    usage_.note(used());
    current_ = to.chunk;
    used_ = to.used;
  }

  /// Releases everything and ends a step. Keeps the chunks, so the same allocations fit again without new chunks,
  /// unless Usage says to give them back.
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

/// Allocates and releases pieces in any order. Takes the smallest free piece that fits, and merges free neighbours.
class Pool {
 public:
  /// Returns `bytes` of uninitialized memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes);

  /// Releases memory that allocate() returned. bytes: the same value as in the call of allocate().
  void release(void* p, std::size_t bytes) noexcept;

  /// Releases everything.
  void release_all() noexcept;

  /// Ends a step. If there are several chunks, replaces them by a single one that is an eighth larger than all of them
  /// together: the next training step may cut the memory differently. If Usage says so, gives the memory back instead.
  /// Does nothing while memory is in use.
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

/// Scratch memory: one block that grows to the largest requested size. Growing discards the contents. Usage says when
/// the block is given back.
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
