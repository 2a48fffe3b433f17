// Ids written behind those of a vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <minibert/core/types.hpp>

namespace minibert::tokenizers::detail {

/// Appends to a vector, which has its length again when this ends. Room is made for a word at a time, so that an id
/// costs one store, whatever the compiler inlines.
class IdAppender {
 public:
  /// expected: how many ids may come at most.
  IdAppender(std::vector<token_id>& ids, std::size_t expected)
      : ids_(ids), step_(std::min(expected, kMostStep)), out_(ids.data() + ids.size()), end_(out_) {}
  IdAppender(const IdAppender&) = delete;
  IdAppender& operator=(const IdAppender&) = delete;
  ~IdAppender() { ids_.resize(used()); }

  /// Before so many are added.
  [[gnu::always_inline]] void make_room(std::size_t count) {
    if (static_cast<std::size_t>(end_ - out_) < count) grow(count);
  }
  [[gnu::always_inline]] void add(token_id id) { *out_++ = id; }

  /// How many there are, and what was added since there were so many.
  std::size_t used() const noexcept { return static_cast<std::size_t>(out_ - ids_.data()); }
  const token_id* since(std::size_t count) const noexcept { return ids_.data() + count; }
  void cut_to(std::size_t count) noexcept { out_ = ids_.data() + count; }

 private:
  static constexpr std::size_t kMostStep = 1024;

  [[gnu::noinline]] void grow(std::size_t count) {
    const std::size_t before = used();
    ids_.resize(before + std::max(count, step_));
    out_ = ids_.data() + before;
    end_ = ids_.data() + ids_.size();
  }

  std::vector<token_id>& ids_;
  std::size_t step_;
  token_id *out_, *end_;
};

}  // namespace minibert::tokenizers::detail
