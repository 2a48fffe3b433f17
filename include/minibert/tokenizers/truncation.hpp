// Truncation: determines which tokens of a text that is too long are kept, and which tokens overflow.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/encoding.hpp>

namespace minibert {

namespace tokenizers::detail {

/// The number of tokens of one text, or of each text of a pair.
struct PairLengths {
  index_t first = 0;
  std::optional<index_t> second = {};
  index_t total() const noexcept { return first + second.value_or(0); }
};

/// Returns how many tokens longest_first keeps of each text of a pair with more than `room` tokens. The shorter text
/// keeps all its tokens, but at most half of `room`, rounded down. The longer text keeps the rest.
inline PairLengths cut_longest_first(index_t first, index_t second, index_t room) {
  const auto [shorter, longer] = std::minmax(first, second);
  index_t kept_of_shorter = shorter, kept_of_longer = std::max(shorter, room - shorter);
  if (shorter + kept_of_longer > room) {
    kept_of_shorter = room / 2;
    kept_of_longer = room - kept_of_shorter;
  }
  return first <= second ? PairLengths{kept_of_shorter, kept_of_longer} : PairLengths{kept_of_longer, kept_of_shorter};
}

/// Returns how many tokens of each text are kept so that all kept tokens fit into `room`. If `room` is 0, keeps
/// nothing.
/// @throws ValueError if the text that only_first or only_second truncates is missing or would lose all its tokens
inline PairLengths truncated_lengths(const PairLengths& lengths, index_t room, TruncationStrategy strategy) {
  const index_t excess = lengths.total() - room;
  if (strategy == TruncationStrategy::do_not_truncate || excess <= 0) return lengths;
  if (room == 0) return {0, lengths.second ? std::optional<index_t>(0) : std::nullopt};
  if (strategy == TruncationStrategy::longest_first)
    return lengths.second ? cut_longest_first(lengths.first, *lengths.second, room) : PairLengths{room};

  const bool is_first = strategy == TruncationStrategy::only_first;
  const char* const name = is_first ? "only_first" : "only_second";
  core::check<ValueError>(is_first || lengths.second.has_value(), "truncation: the strategy is ", name,
                          ", but there is no second text; give one, or use only_first or longest_first");
  PairLengths kept = lengths;
  index_t& cut = is_first ? kept.first : *kept.second;
  core::check<ValueError>(cut > excess, "truncation: ", name, " would cut ", excess, " tokens from a text of ", cut,
                          ", but at least 1 must remain; raise max_length or use longest_first");
  cut -= excess;
  return kept;
}

/// Tokens [begin, end) of a text.
struct Window {
  index_t begin = 0, end = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// Returns windows of at most `kept` tokens that cover a text of `tokens` tokens. Successive windows share `stride`
/// tokens. The first window is the part that is kept: the start of the text, or the end of the text if truncation_side
/// is left. The other windows overflow. If `kept` is 0, the first window is empty and the whole text overflows in one
/// window.
/// @throws ValueError if 0 < kept < tokens and `stride` is not less than `kept`
inline std::vector<Window> windows(index_t tokens, index_t kept, index_t stride, Side truncation_side) {
  if (kept >= tokens) return {{0, tokens}};
  if (kept == 0) return {{0, 0}, {0, tokens}};
  core::check<ValueError>(stride < kept, "truncation: stride is ", stride, ", expected less than ", kept,
                          ", the number of tokens kept of the text");
  std::vector<Window> result;
  for (index_t offset = 0; result.empty() || offset + stride < tokens; offset += kept - stride) {
    const index_t end = std::min(tokens, offset + kept);
    result.push_back(truncation_side == Side::right ? Window{offset, end} : Window{tokens - end, tokens - offset});
  }
  return result;
}

}  // namespace tokenizers::detail

}  // namespace minibert
