// Truncation: how long texts are cut to a length, and the pieces that overflow.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>

namespace minibert {

/// What of a text or pair is cut when it is too long, by Hugging Face's names.
enum class TruncationStrategy { do_not_truncate, longest_first, only_first, only_second };

namespace tokenizers::detail {

/// The numbers of tokens of a text and, if there is one, of the second text, or what is to be kept of them.
struct PairLengths {
  index_t first = 0;
  std::optional<index_t> second = {};
  index_t total() const noexcept { return first + second.value_or(0); }
};

/// What longest_first keeps of a pair of more than `room` tokens: the shorter text keeps up to half of the room, the
/// longer one what is left.
inline PairLengths cut_longest_first(index_t first, index_t second, index_t room) {
  const auto [shorter, longer] = std::minmax(first, second);
  index_t kept_of_shorter = shorter, kept_of_longer = std::max(shorter, room - shorter);
  if (shorter + kept_of_longer > room) {
    kept_of_shorter = room / 2;
    kept_of_longer = room - kept_of_shorter;
  }
  return first <= second ? PairLengths{kept_of_shorter, kept_of_longer} : PairLengths{kept_of_longer, kept_of_shorter};
}

/// How many tokens of each text stay so that all have room; of no room at all nothing stays. ValueError where the one
/// text that may be cut is not there, or not long enough.
inline PairLengths truncated_lengths(const PairLengths& lengths, index_t room, TruncationStrategy strategy) {
  const index_t excess = lengths.total() - room;
  if (strategy == TruncationStrategy::do_not_truncate || excess <= 0) return lengths;
  if (room == 0) return {0, lengths.second ? std::optional<index_t>(0) : std::nullopt};
  if (strategy == TruncationStrategy::longest_first)
    return lengths.second ? cut_longest_first(lengths.first, *lengths.second, room) : PairLengths{room};

  const bool is_first = strategy == TruncationStrategy::only_first;
  const char* const name = is_first ? "only_first" : "only_second";
  core::check<ValueError>(is_first || lengths.second.has_value(), "truncation: ", name,
                          " for a text without a second one");
  PairLengths kept = lengths;
  index_t& cut = is_first ? kept.first : *kept.second;
  core::check<ValueError>(cut > excess, "truncation: ", name, " cannot cut ", excess, " tokens from a text of ", cut);
  cut -= excess;
  return kept;
}

/// Tokens [begin, end) of a text.
struct Window {
  index_t begin = 0, end = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// Windows of `kept` tokens that cover a text of `tokens`, neighbours sharing `stride`: the first is what stays, from
/// the start of the text, or from its end if the left side is cut; the others overflow. ValueError for a stride that is
/// not shorter than a window.
inline std::vector<Window> windows(index_t tokens, index_t kept, index_t stride, Side truncation_side) {
  if (kept >= tokens) return {{0, tokens}};
  if (kept == 0) return {{0, 0}, {0, tokens}};
  core::check<ValueError>(stride < kept, "truncation: stride is ", stride, ", but only ", kept,
                          " tokens of the text are kept");
  std::vector<Window> result;
  for (index_t offset = 0; result.empty() || offset + stride < tokens; offset += kept - stride) {
    const index_t end = std::min(tokens, offset + kept);
    result.push_back(truncation_side == Side::right ? Window{offset, end} : Window{tokens - end, tokens - offset});
  }
  return result;
}

}  // namespace tokenizers::detail

}  // namespace minibert
