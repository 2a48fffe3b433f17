// The character properties that BERT's tokenizer depends on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/unicode_tables.hpp>

namespace minibert::unicode {

/// Returns the properties of a character: a combination of the bits tables::kRemoved, tables::kWhitespace, …,
/// tables::kHasLowercase.
inline std::uint8_t properties(char32_t character) noexcept {
  const std::uint32_t block = tables::kBlockIndex[character / tables::kBlockSize];
  return tables::kProperties[block * tables::kBlockSize + character % tables::kBlockSize];
}

/// Returns true for characters that clean_text drops: control, format and private-use characters and U+FFFD, but not
/// tab, newline and carriage return.
inline bool is_removed(char32_t c) noexcept { return (properties(c) & tables::kRemoved) != 0; }
/// Returns true for U+200C and U+200D, which shape words in Indic and Arabic scripts. They are format characters, which
/// clean_text drops unless keep_joiners is set.
constexpr bool is_joiner(char32_t c) noexcept { return c == 0x200C || c == 0x200D; }
inline bool is_whitespace(char32_t c) noexcept { return (properties(c) & tables::kWhitespace) != 0; }
/// Returns true for punctuation and for all ASCII symbols.
inline bool is_punctuation(char32_t c) noexcept { return (properties(c) & tables::kPunctuation) != 0; }
/// Returns true for Chinese characters, each of which is a word by itself.
inline bool is_cjk(char32_t c) noexcept { return (properties(c) & tables::kCjk) != 0; }
/// Returns true for non-spacing marks (category Mn) that do not decompose. strip_accents drops them.
inline bool is_mark(char32_t c) noexcept { return (properties(c) & tables::kMark) != 0; }

/// Returns true for characters that \w of regular expressions matches: letters, marks, decimal digits, letter numbers,
/// connector punctuation and joiners.
inline bool is_word_character(char32_t c) noexcept {
  const auto above = std::upper_bound(std::begin(tables::kWordCharacters), std::end(tables::kWordCharacters), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return above != std::begin(tables::kWordCharacters) && c <= (above - 1)->last;
}

/// Returns true if the first character of the text is a word character.
inline bool starts_with_word(std::string_view text) noexcept {
  return !text.empty() && is_word_character(core::utf8::decode(text.data(), text.data() + text.size()).character);
}
/// Returns true if the last character of the text is a word character.
inline bool ends_with_word(std::string_view text) noexcept {
  return !text.empty() && is_word_character(core::utf8::last_character(text).character);
}

/// Returns the text without the white space at its start.
inline std::string_view trim_start(std::string_view text) noexcept {
  while (!text.empty()) {
    const core::utf8::Decoded first = core::utf8::decode(text.data(), text.data() + text.size());
    if (!is_whitespace(first.character)) break;
    text.remove_prefix(core::usize(first.bytes));
  }
  return text;
}

/// Returns the text without the white space at its end.
inline std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty()) {
    const core::utf8::Decoded last = core::utf8::last_character(text);
    if (!is_whitespace(last.character)) break;
    text.remove_suffix(core::usize(last.bytes));
  }
  return text;
}

/// Returns the canonical combining class of a character; 0 for starters.
inline int combining_class(char32_t c) noexcept {
  if ((properties(c) & tables::kNonStarter) == 0) return 0;
  const auto above = std::upper_bound(std::begin(tables::kCombiningClasses), std::end(tables::kCombiningClasses), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return (above - 1)->combining_class;
}

/// Returns the lower case of a character, regardless of language and context. The lower case of U+0130 has two
/// characters (0069 0307). For U+0130, returns the first of these.
inline char32_t lowercase(char32_t c) noexcept {
  if ((properties(c) & tables::kHasLowercase) == 0) return c;
  // The runs in kLowercase do not overlap, so c belongs to the last run that starts at or before c.
  const auto above = std::upper_bound(std::begin(tables::kLowercase), std::end(tables::kLowercase), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + (above - 1)->delta);
}

/// Calls f(char32_t) for each character of the full canonical decomposition of c. If c does not decompose, calls f(c).
/// Does not sort marks into canonical order.
template <class F>
void decompose(char32_t c, F&& f) {
  if ((properties(c) & tables::kDecomposes) == 0) return f(c);
  constexpr char32_t kHangul = 0xAC00, kHangulEnd = 0xD7A4, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
  constexpr char32_t kVowels = 21, kTails = 28;
  if (c >= kHangul && c < kHangulEnd) {
    const char32_t syllable = c - kHangul;
    f(kLead + syllable / (kVowels * kTails));
    f(kVowel + syllable / kTails % kVowels);
    if (syllable % kTails != 0) f(kTail + syllable % kTails);
    return;
  }
  const auto entry = std::lower_bound(std::begin(tables::kDecomposed), std::end(tables::kDecomposed), c);
  const auto i = entry - std::begin(tables::kDecomposed);
  for (int k = tables::kDecompositionOffset[i]; k < tables::kDecompositionOffset[i + 1]; ++k)
    f(tables::kDecompositionText[k]);
}

}  // namespace minibert::unicode
