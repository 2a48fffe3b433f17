// normalize_aligned(): normalizes a text and records the origin of each byte, from which the offsets of tokens are
// computed.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/char_span.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// A normalized text. Byte i of `text` comes from the character with index origins[i] of the original text.
struct AlignedText {
  std::string text;
  std::vector<index_t> origins;  // text.size() elements

  /// Returns the span of the original text from which `part` comes. `part` must be a non-empty view into `text`. The
  /// span includes dropped characters between the origins of the first and last byte of `part`.
  CharSpan span(std::string_view part) const {
    const index_t begin = part.data() - text.data();
    return {core::at(origins, begin), core::at(origins, begin + core::length(part) - 1) + 1};
  }
};

namespace tokenizers::detail {

/// Counts the characters before a position in a text. Fast if the positions are queried in ascending order.
class CharacterCounter {
 public:
  explicit CharacterCounter(std::string_view text) : begin_(text.data()), counted_(begin_) {}

  /// Returns the number of characters before `place`, a pointer into the text to the start of a character.
  index_t before(const char* place) {
    if (place < counted_) {  // places go back where matches of added tokens overlap
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

/// Applies steps 1 and 2 of BertNormalizer (clean_text and handle_chinese_chars). The origin of the first character of
/// `text` is `first`.
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

/// Applies step 3 of BertNormalizer (strip_accents): decomposes the characters, sorts marks into canonical order and
/// removes nonspacing marks. Sorting moves the marks, but not the origins. As in Hugging Face's tokenizers, origins are
/// assigned after sorting: the nth character that begins a decomposition gets the origin of the nth input character.
/// The characters after it, up to the next character that begins a decomposition, get the same origin.
inline std::vector<AlignedCharacter> stripped(const std::vector<AlignedCharacter>& text) {
  struct Part {
    char32_t character;
    bool begins_decomposition;
  };
  std::vector<Part> parts;
  for (const AlignedCharacter& c : text) {
    bool begins_decomposition = true;
    unicode::decompose(c.character, [&](char32_t part) {
      parts.push_back({part, begins_decomposition});
      begins_decomposition = false;
    });
  }
  const auto is_starter = [](const Part& part) { return unicode::combining_class(part.character) == 0; };
  for (auto run = parts.begin(); run != parts.end();) {  // sort each run of marks between starters
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
    if (part.begins_decomposition) ++position;
    if (!unicode::is_mark(part.character)) out.push_back({part.character, core::at(text, position).origin});
  }
  return out;
}

}  // namespace tokenizers::detail

/// Normalizes a text as BertNormalizer(options) does, and records the origin of each byte. The origin of the first
/// character of the text is `first`. Several times slower than BertNormalizer, because each step is a separate pass.
inline AlignedText normalize_aligned(std::string_view text, const BertNormalizerOptions& options, index_t first = 0) {
  std::vector<tokenizers::detail::AlignedCharacter> characters = tokenizers::detail::cleaned(text, options, first);
  if (options.strips_accents()) characters = tokenizers::detail::stripped(characters);
  AlignedText aligned;
  for (const auto& [character, origin] : characters) {
    if (!options.lowercase) {
      core::utf8::append(aligned.text, character);
    } else if (character == U'\u0130') {  // only İ becomes two characters in lower case: i and dot above
      aligned.text += "i\u0307";
    } else {
      core::utf8::append(aligned.text, unicode::lowercase(character));
    }
    aligned.origins.resize(aligned.text.size(), origin);
  }
  return aligned;
}

}  // namespace minibert
