// UTF-8, and the character properties that BERT's tokenizer depends on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/unicode_tables.hpp>

namespace minibert::unicode {

/// What stands for bytes that are not UTF-8.
inline constexpr char32_t kReplacement = 0xFFFD;

/// A character read from UTF-8, and the number of bytes it took.
struct Decoded {
  char32_t character;
  index_t bytes;
};

constexpr bool is_ascii(char byte) noexcept { return static_cast<unsigned char>(byte) < 0x80; }

inline bool is_all_ascii(std::string_view text) noexcept {
  const char *p = text.data(), *const end = p + text.size();
  for (; end - p >= 8; p += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, p, 8);
    if ((bytes & 0x8080808080808080u) != 0) return false;
  }
  return std::all_of(p, end, is_ascii);
}

/// Reads the character at `p`, p < end. As Python's decode("utf-8", "replace"): each longest start of a valid sequence
/// that does not go on, and each byte that starts none, is one U+FFFD.
[[gnu::always_inline]] inline Decoded decode(const char* p, const char* end) noexcept {
  const auto byte = [p](index_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(p[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {kReplacement, 1};
  const index_t bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // The second byte's range keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
  const std::uint32_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint32_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (end - p < 2 || byte(1) < low || byte(1) > high) return {kReplacement, 1};
  std::uint32_t character = ((first & (0x7Fu >> bytes)) << 6) | (byte(1) & 0x3F);
  for (index_t i = 2; i < bytes; ++i) {
    if (end - p <= i || (byte(i) & 0xC0) != 0x80) return {kReplacement, i};
    character = (character << 6) | (byte(i) & 0x3F);
  }
  return {character, bytes};
}

/// Appends a character (no surrogate, at most U+10FFFF) as UTF-8.
inline void append(std::string& out, char32_t character) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_tail = [&](int shift) { put(0x80 | ((character >> shift) & 0x3F)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6));
    put_tail(0);
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12));
    put_tail(6);
    put_tail(0);
  } else {
    put(0xF0 | (character >> 18));
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

/// Calls f(char32_t) for each character of the text; what is no UTF-8 comes as U+FFFD.
template <class F>
void for_each_character(std::string_view text, F&& f) {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const Decoded decoded = decode(p, end);
    f(decoded.character);
    p += decoded.bytes;
  }
}

inline bool is_valid_utf8(std::string_view text) noexcept {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const Decoded decoded = decode(p, end);
    if (decoded.character == kReplacement && decoded.bytes != 3) return false;
    if (decoded.character == kReplacement && std::string_view(p, 3) != "\xEF\xBF\xBD") return false;
    p += decoded.bytes;
  }
  return true;
}

/// The number of characters of valid UTF-8.
inline index_t count_characters(std::string_view text) noexcept {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

/// The property bits of a character: tables::kRemoved and its siblings, or-ed.
inline std::uint8_t properties(char32_t character) noexcept {
  const std::uint32_t block = tables::kBlockIndex[character / tables::kBlockSize];
  return tables::kProperties[block * tables::kBlockSize + character % tables::kBlockSize];
}

/// Control, format and private-use characters and U+FFFD, less tab, newline and carriage return: clean_text drops them.
inline bool is_removed(char32_t c) noexcept { return (properties(c) & tables::kRemoved) != 0; }
/// U+200C and U+200D, which shape words in Indic and Arabic scripts; clean_text drops them too.
constexpr bool is_joiner(char32_t c) noexcept { return c == 0x200C || c == 0x200D; }
inline bool is_whitespace(char32_t c) noexcept { return (properties(c) & tables::kWhitespace) != 0; }
/// Punctuation, and all of ASCII's symbols.
inline bool is_punctuation(char32_t c) noexcept { return (properties(c) & tables::kPunctuation) != 0; }
/// A Chinese character: a word by itself.
inline bool is_cjk(char32_t c) noexcept { return (properties(c) & tables::kCjk) != 0; }
/// A mark of no width (category Mn): strip_accents drops it.
inline bool is_mark(char32_t c) noexcept { return (properties(c) & tables::kMark) != 0; }

/// A character of words in the sense of regular expressions (\w): letters, marks, decimal digits, connectors, joiners.
inline bool is_word_character(char32_t c) noexcept {
  const auto above = std::upper_bound(std::begin(tables::kWordCharacters), std::end(tables::kWordCharacters), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return above != std::begin(tables::kWordCharacters) && c <= (above - 1)->last;
}

/// The last character of a text that is not empty; U+FFFD if that is no UTF-8.
inline Decoded last_character(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  for (index_t bytes = 1; bytes <= 4 && bytes <= core::length(text); ++bytes)
    if (const Decoded decoded = decode(end - bytes, end); decoded.bytes == bytes && decoded.character != kReplacement)
      return decoded;
  return {kReplacement, 1};
}

inline bool starts_with_word(std::string_view text) noexcept {
  return !text.empty() && is_word_character(decode(text.data(), text.data() + text.size()).character);
}
inline bool ends_with_word(std::string_view text) noexcept {
  return !text.empty() && is_word_character(last_character(text).character);
}

/// The text without the white space at its start.
inline std::string_view trim_start(std::string_view text) noexcept {
  while (!text.empty()) {
    const Decoded first = decode(text.data(), text.data() + text.size());
    if (!is_whitespace(first.character)) break;
    text.remove_prefix(core::usize(first.bytes));
  }
  return text;
}

/// The text without the white space at its end.
inline std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty()) {
    const Decoded last = last_character(text);
    if (!is_whitespace(last.character)) break;
    text.remove_suffix(core::usize(last.bytes));
  }
  return text;
}

/// The canonical combining class; 0 for a starter.
inline int combining_class(char32_t c) noexcept {
  if ((properties(c) & tables::kNonStarter) == 0) return 0;
  const auto above = std::upper_bound(std::begin(tables::kCombiningClasses), std::end(tables::kCombiningClasses), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return (above - 1)->combining_class;
}

/// The lower case of one character, regardless of language and neighbours. Of U+0130's two (0069 0307) the first.
inline char32_t lowercase(char32_t c) noexcept {
  if ((properties(c) & tables::kHasLowercase) == 0) return c;
  // Runs of step 2 interleave with nothing, so the run that starts last at or before c is c's.
  const auto above = std::upper_bound(std::begin(tables::kLowercase), std::end(tables::kLowercase), c,
                                      [](char32_t value, const auto& range) { return value < range.first; });
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + (above - 1)->delta);
}

/// Calls f(char32_t) for each character of the full canonical decomposition, not yet in canonical order.
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
