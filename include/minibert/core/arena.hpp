// Memory for a tape. An Arena is released all at once or in reverse order, a Pool piece by piece in any order. Both
// keep the memory they have grown to, so the steady state does not allocate from the heap.
#pragma once

#include <algorithm>
#include <vector>

#include <minibert/core/aligned_buffer.hpp>

namespace minibert {

/// Allocates by moving a mark forward in a list of chunks. Memory in use never moves. Each new chunk doubles the
/// capacity. Chunks are never merged: untouched pages cost nothing, but a merged chunk would have to be cleared again
/// by the system.
class Arena {
 public:
  /// A position to rewind to.
  struct Mark {
    std::size_t chunk = 0, used = 0;
  };

  /// Returns `bytes` of uninitialised memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes) {
    bytes = aligned_size(bytes);
    while (current_ < chunks_.size() && used_ + bytes > chunks_[current_].size()) {
      ++current_;
      used_ = 0;
    }
    if (current_ == chunks_.size()) chunks_.emplace_back(std::max(bytes, std::max(capacity(), kFirstChunk)));
    void* p = chunks_[current_].data() + used_;
    used_ += bytes;
    return p;
  }

  Mark mark() const noexcept { return {current_, used_}; }

  /// Releases everything allocated since the mark was taken.
  void rewind(Mark to) noexcept {
    current_ = to.chunk;
    used_ = to.used;
  }

  /// Releases everything and keeps the chunks: the same allocations then fit without new ones.
  void reset() noexcept { rewind({}); }

  /// Returns the bytes of all chunks, used or not.
  std::size_t capacity() const noexcept {
    std::size_t total = 0;
    for (const AlignedBuffer& chunk : chunks_) total += chunk.size();
    return total;
  }

 private:
  static constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
  std::vector<AlignedBuffer> chunks_;
  std::size_t current_ = 0, used_ = 0;  // the chunk in use, and the bytes used of it
};

/// Allocates and releases pieces in any order. Takes the smallest free piece that fits, and merges free neighbours.
class Pool {
 public:
  /// Returns `bytes` of uninitialised memory, aligned to kAlignment. @throws std::bad_alloc if there is no memory
  void* allocate(std::size_t bytes) {
    bytes = aligned_size(std::max<std::size_t>(bytes, 1));
    auto best = free_.end();
    for (auto piece = free_.begin(); piece != free_.end(); ++piece)
      if (piece->size >= bytes && (best == free_.end() || piece->size < best->size)) best = piece;
    if (best == free_.end()) best = grow(bytes);
    std::byte* p = best->data;
    best->data += bytes;
    best->size -= bytes;
    if (best->size == 0) free_.erase(best);
    in_use_ += bytes;
    return p;
  }

  /// Releases memory that allocate(bytes) returned, with the same `bytes`.
  void release(void* p, std::size_t bytes) noexcept {
    bytes = aligned_size(std::max<std::size_t>(bytes, 1));
    auto* data = static_cast<std::byte*>(p);
    const auto next = std::lower_bound(free_.begin(), free_.end(), data,
                                       [](const Piece& piece, const std::byte* at) { return piece.data < at; });
    const bool joins_next = next != free_.end() && data + bytes == next->data && !starts_chunk(next->data);
    const bool joins_previous =
        next != free_.begin() && (next - 1)->data + (next - 1)->size == data && !starts_chunk(data);
    if (joins_previous && joins_next) {
      (next - 1)->size += bytes + next->size;
      free_.erase(next);
    } else if (joins_previous) {
      (next - 1)->size += bytes;
    } else if (joins_next) {
      next->data = data;
      next->size += bytes;
    } else {
      free_.insert(next, {data, bytes});
    }
    in_use_ -= bytes;
  }

  /// Takes back everything that is in use.
  void release_all() noexcept {
    free_.clear();
    for (const AlignedBuffer& chunk : chunks_) free_.push_back({chunk.data(), chunk.size()});
    std::sort(free_.begin(), free_.end(), [](const Piece& a, const Piece& b) { return a.data < b.data; });
    in_use_ = 0;
  }

  /// Replaces several chunks by one, an eighth larger, because pieces may be cut differently next time. Does nothing
  /// while memory is in use.
  void reset() {
    if (chunks_.size() <= 1 || in_use_ > 0) return;
    const std::size_t demand = capacity() + capacity() / 8;
    chunks_.clear();
    free_.clear();
    grow(demand);
  }

  /// Returns the bytes of all chunks, used or not.
  std::size_t capacity() const noexcept {
    std::size_t total = 0;
    for (const AlignedBuffer& chunk : chunks_) total += chunk.size();
    return total;
  }
  std::size_t in_use() const noexcept { return in_use_; }

 private:
  struct Piece {
    std::byte* data;
    std::size_t size;
  };

  bool starts_chunk(const std::byte* data) const noexcept {
    return std::any_of(chunks_.begin(), chunks_.end(), [=](const AlignedBuffer& c) { return c.data() == data; });
  }

  std::vector<Piece>::iterator grow(std::size_t bytes) {
    free_.reserve(64);  // enough for the free pieces of a training step, so the list does not grow in the steady state
    chunks_.emplace_back(std::max(bytes, std::max(capacity() / 2, kFirstChunk)));
    const Piece piece{chunks_.back().data(), chunks_.back().size()};
    const auto at = std::lower_bound(free_.begin(), free_.end(), piece.data,
                                     [](const Piece& p, const std::byte* d) { return p.data < d; });
    return free_.insert(at, piece);
  }

  static constexpr std::size_t kFirstChunk = std::size_t{1} << 20;
  std::vector<AlignedBuffer> chunks_;
  std::vector<Piece> free_;  // sorted by address
  std::size_t in_use_ = 0;
};

/// Scratch memory: one block that grows to the largest size asked for and keeps no contents.
class Workspace {
 public:
  /// Returns uninitialised memory for `count` elements of T. Invalidates the memory that earlier calls returned.
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
