// AddedTokenSearch: finds added tokens in a text.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/trie.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert::tokenizers::detail {

/// Finds added tokens in a text by comparing bytes. Prefers the leftmost match; of several matches at the same
/// position, the longest.
class AddedTokenSearch {
 public:
  /// The text to search for, and the id and flags of its AddedToken.
  struct Pattern {
    std::string text;
    token_id id;
    bool single_word, lstrip, rstrip;
  };

  AddedTokenSearch() = default;

  /// The texts of the patterns must not be empty. Of patterns with equal texts, only the last one in `patterns` is
  /// used.
  explicit AddedTokenSearch(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
    std::vector<Trie::Entry> entries;
    for (const Pattern& pattern : patterns_) {
      entries.emplace_back(pattern.text, static_cast<Trie::Value>(entries.size()));
      begins_token_[static_cast<unsigned char>(pattern.text.front())] = true;
    }
    trie_ = Trie(std::move(entries));
    if (std::count(begins_token_.begin(), begins_token_.end(), true) == 1) only_begin_ = patterns_.front().text.front();
  }

  bool empty() const noexcept { return patterns_.empty(); }

  /// Splits the text at the added tokens. In order, calls on_token(token_id, std::string_view) for each token found and
  /// on_text(std::string_view) for each piece of text between tokens. If a token has lstrip or rstrip, its string_view
  /// includes the white space on that side.
  template <class OnText, class OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    std::size_t begin = 0;  // end of the last token found; 0 if there is none yet
    for (std::size_t i = 0; i < text.size() && !patterns_.empty();) {
      if (only_begin_) i = std::min(text.find(*only_begin_, i), text.size());
      if (i == text.size()) break;
      const Trie::Match match = begins_token_[static_cast<unsigned char>(text[i])]
                                    ? trie_.longest_match(Trie::kRoot, text.substr(i))
                                    : Trie::Match{};
      if (match.bytes == 0) {
        ++i;
        continue;
      }
      const Pattern& pattern = core::at(patterns_, match.value);
      const std::string_view before = text.substr(0, i), after = text.substr(i + core::usize(match.bytes));
      std::size_t token_begin = i, token_end = i += core::usize(match.bytes);
      if (pattern.single_word && (unicode::ends_with_word(before) || unicode::starts_with_word(after))) continue;
      // White space before this token can belong to the previous token (rstrip). Then leave it there.
      if (pattern.lstrip) token_begin = std::clamp(unicode::trim_end(before).size(), std::min(begin, i), i);
      if (pattern.rstrip) token_end += after.size() - unicode::trim_start(after).size();
      if (begin < token_begin) on_text(text.substr(begin, token_begin - begin));
      on_token(pattern.id, text.substr(token_begin, token_end - token_begin));
      begin = token_end;
    }
    if (begin < text.size()) on_text(text.substr(begin));
  }

 private:
  std::vector<Pattern> patterns_;
  Trie trie_;                                // maps the text of a pattern to its index in patterns_
  std::array<bool, 256> begins_token_ = {};  // indexed by byte: true if a token begins with it
  std::optional<char> only_begin_;           // the byte that all tokens begin with; unset if they begin differently
};

}  // namespace minibert::tokenizers::detail
