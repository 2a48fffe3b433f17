// Definitions of core/arena.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/arena.hpp>

namespace minibert {

MINIBERT_INLINE void* Arena::allocate(std::size_t bytes) {
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

MINIBERT_INLINE void Arena::reset() noexcept {
  rewind({});
  if (usage_.end_step(capacity())) chunks_.clear();
}

MINIBERT_INLINE std::size_t Arena::used() const noexcept {
  std::size_t total = used_;
  for (std::size_t i = 0; i < current_; ++i) total += chunks_[i].size();
  return total;
}

MINIBERT_INLINE std::size_t Arena::capacity() const noexcept {
  std::size_t total = 0;
  for (const AlignedBuffer& chunk : chunks_) total += chunk.size();
  return total;
}

MINIBERT_INLINE void* Pool::allocate(std::size_t bytes) {
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
  usage_.note(in_use_);
  return p;
}

MINIBERT_INLINE void Pool::release(void* p, std::size_t bytes) noexcept {
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

MINIBERT_INLINE void Pool::release_all() noexcept {
  free_.clear();
  for (const AlignedBuffer& chunk : chunks_) free_.push_back({chunk.data(), chunk.size()});
  std::sort(free_.begin(), free_.end(), [](const Piece& a, const Piece& b) { return a.data < b.data; });
  in_use_ = 0;
}

MINIBERT_INLINE void Pool::reset() {
  if (in_use_ > 0) return;
  if (usage_.end_step(capacity())) {
    chunks_.clear();
    free_.clear();
  }
  if (chunks_.size() <= 1) return;
  const std::size_t demand = capacity() + capacity() / 8;
  chunks_.clear();
  free_.clear();
  grow(demand);
}

MINIBERT_INLINE std::size_t Pool::capacity() const noexcept {
  std::size_t total = 0;
  for (const AlignedBuffer& chunk : chunks_) total += chunk.size();
  return total;
}

MINIBERT_INLINE bool Pool::starts_chunk(const std::byte* data) const noexcept {
  return std::any_of(chunks_.begin(), chunks_.end(), [=](const AlignedBuffer& c) { return c.data() == data; });
}

MINIBERT_INLINE std::vector<Pool::Piece>::iterator Pool::grow(std::size_t bytes) {
  free_.reserve(64);  // enough for the free pieces of a training step, so the list does not grow in the steady state
  chunks_.emplace_back(std::max(bytes, std::max(capacity() / 2, kFirstChunk)));
  const Piece piece{chunks_.back().data(), chunks_.back().size()};
  const auto at = std::lower_bound(free_.begin(), free_.end(), piece.data,
                                   [](const Piece& p, const std::byte* d) { return p.data < d; });
  return free_.insert(at, piece);
}

}  // namespace minibert
