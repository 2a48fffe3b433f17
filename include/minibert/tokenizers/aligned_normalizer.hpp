// Normalised text that knows where in the original it comes from, for the offsets of tokens.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// Characters [start, end) of a text: code points of valid UTF-8, and each U+FFFD that stands for what is none.
struct CharSpan {
  index_t start = 0, end = 0;
  friend bool operator==(const CharSpan&, const CharSpan&) = default;
};

/// Normalised text, and for each of its bytes the character of the original that it stands for.
struct AlignedText {
  std::string text;
  std::vector<index_t> origins;  // (text.size())

  /// What a part of the text, which is not empty, spans in the original. Characters dropped within it are covered.
  CharSpan span(std::string_view part) const {
    const index_t begin = part.data() - text.data();
    return {core::at(origins, begin), core::at(origins, begin + core::length(part) - 1) + 1};
  }
};

namespace tokenizers::detail {

/// Numbers the characters of a text, quickly for places that come in order.
class CharacterCounter {
 public:
  explicit CharacterCounter(std::string_view text) : begin_(text.data()), counted_(begin_) {}

  /// How many characters stand before a place in the text, where a character begins.
  index_t before(const char* place) {
    if (place < counted_) {  // added tokens may overlap
      counted_ = begin_;
      count_ = 0;
    }
    for (; counted_ < place; ++count_) counted_ += core::utf8::decode(counted_, place).bytes;
    return count_;
  }

 private:
  const char *begin_, *counted_;
  index_t count_ = 0;
};

struct AlignedCharacter {
  char32_t character;
  index_t origin;
};

/// Steps 1 and 2 of BertNormalizer; the characters of the text are numbered from `first` on.
inline std::vector<AlignedCharacter> cleaned(std::string_view text, const BertNormalizerOptions& options,
                                             index_t first) {
  std::vector<AlignedCharacter> out;
  core::utf8::for_each_character(text, [&](char32_t c) {
    const index_t origin = first++;
    if (options.removes(c)) return;
    if (options.clean_text && unicode::is_whitespace(c)) c = U' ';
    if (options.handle_chinese_chars && unicode::is_cjk(c)) {
      for (const char32_t part : {U' ', c, U' '}) out.push_back({part, origin});
    } else {
      out.push_back({c, origin});
    }
  });
  return out;
}

/// Step 3. Origins go by position: the nth character that begins a decomposition, and what follows it up to the next
/// such one, stand for the nth input character, even where sorting has moved them. So the reference counts.
inline std::vector<AlignedCharacter> stripped(const std::vector<AlignedCharacter>& text) {
  struct Part {
    char32_t character;
    bool begins;  // a decomposition
  };
  std::vector<Part> parts;
  for (const AlignedCharacter& c : text) {
    bool begins = true;
    unicode::decompose(c.character, [&](char32_t part) {
      parts.push_back({part, begins});
      begins = false;
    });
  }
  const auto is_starter = [](const Part& part) { return unicode::combining_class(part.character) == 0; };
  for (auto run = parts.begin(); run != parts.end();) {  // of marks, each to be sorted by itself
    run = std::find_if_not(run, parts.end(), is_starter);
    const auto run_end = std::find_if(run, parts.end(), is_starter);
    std::stable_sort(run, run_end, [](const Part& a, const Part& b) {
      return unicode::combining_class(a.character) < unicode::combining_class(b.character);
    });
    run = run_end;
  }
  std::vector<AlignedCharacter> out;
  index_t position = -1;
  for (const Part& part : parts) {
    if (part.begins) ++position;
    if (!unicode::is_mark(part.character)) out.push_back({part.character, core::at(text, position).origin});
  }
  return out;
}

}  // namespace tokenizers::detail

/// What BertNormalizer(options) makes of a text, with the origin of each byte; the characters of the text are numbered
/// from `first` on. Several times as slow as BertNormalizer: its steps, one after the other.
inline AlignedText normalize_aligned(std::string_view text, const BertNormalizerOptions& options, index_t first = 0) {
  std::vector<tokenizers::detail::AlignedCharacter> characters = tokenizers::detail::cleaned(text, options, first);
  if (options.strips_accents()) characters = tokenizers::detail::stripped(characters);
  AlignedText aligned;
  for (const auto& [character, origin] : characters) {
    if (!options.lowercase) {
      core::utf8::append(aligned.text, character);
    } else if (character == U'\u0130') {  // İ, the one character whose lower case is two: i and a dot above
      aligned.text += "i\u0307";
    } else {
      core::utf8::append(aligned.text, unicode::lowercase(character));
    }
    aligned.origins.resize(aligned.text.size(), origin);
  }
  return aligned;
}

}  // namespace minibert
