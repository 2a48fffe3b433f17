// IdAppender: appends ids to a vector, without a capacity check for each id.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <minibert/core/types.hpp>

namespace minibert::tokenizers::detail {

/// Appends ids to a vector. Callers call make_room() once per word, so that add() needs no capacity check: it is a
/// single store instruction. (The cost of push_back() depends on what the compiler inlines.) While the appender exists,
/// the vector has spare elements at its end. The destructor removes the spare elements.
class IdAppender {
 public:
  /// `expected` estimates how many ids will be added. The vector grows in steps of at least min(expected, 1024)
  /// elements.
  IdAppender(std::vector<token_id>& ids, std::size_t expected)
      : ids_(ids), step_(std::min(expected, kMaxStep)), out_(ids.data() + ids.size()), end_(out_) {}
  IdAppender(const IdAppender&) = delete;
  IdAppender& operator=(const IdAppender&) = delete;
  ~IdAppender() { ids_.resize(used()); }

  /// Makes room for `count` more ids. Must be called before these ids are added: add() does not check.
  [[gnu::always_inline]] void make_room(std::size_t count) {
    if (static_cast<std::size_t>(end_ - out_) < count) grow(count);
  }
  [[gnu::always_inline]] void add(token_id id) { *out_++ = id; }

  /// Returns the number of ids in the vector, including ids from before the appender existed, without spare elements.
  std::size_t used() const noexcept { return static_cast<std::size_t>(out_ - ids_.data()); }
  /// Returns a pointer to the id with the index `count` in the vector.
  const token_id* since(std::size_t count) const noexcept { return ids_.data() + count; }
  /// Removes all ids except the first `count` ids of the vector.
  void cut_to(std::size_t count) noexcept { out_ = ids_.data() + count; }

 private:
  static constexpr std::size_t kMaxStep = 1024;

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
