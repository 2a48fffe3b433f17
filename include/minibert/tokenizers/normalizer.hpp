// BertNormalizer: cleans a text, lower-cases it and strips accents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>

namespace minibert {

/// Selects the steps of BertNormalizer. The names are Hugging Face's, except keep_joiners.
struct BertNormalizerOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  std::optional<bool> strip_accents = {};  ///< unset: same as lowercase
  bool lowercase = true;
  bool keep_joiners = false;  ///< true: clean_text keeps U+200C and U+200D

  bool strips_accents() const noexcept { return strip_accents.value_or(lowercase); }
  /// Returns true if clean_text removes the character.
  bool removes(char32_t c) const noexcept;
  friend bool operator==(const BertNormalizerOptions&, const BertNormalizerOptions&) = default;
};

/// Normalizes text exactly as Hugging Face's BertNormalizer does:
/// 1. clean_text removes U+FFFD and control, format and private-use characters, except tab, line feed and carriage
///    return. It replaces each remaining white-space character with a space.
/// 2. handle_chinese_chars puts a space before and after each Chinese character.
/// 3. strip_accents decomposes characters (NFD of Unicode 9) and removes nonspacing marks (category Mn).
/// 4. lowercase lower-cases each character, whatever its context: Σ always becomes σ, never ς.
class BertNormalizer {
 public:
  explicit BertNormalizer(const BertNormalizerOptions& options = {});

  const BertNormalizerOptions& options() const noexcept { return options_; }

  /// Appends the normalized text to `out`. The result is valid UTF-8 even if `text` is not.
  void append(std::string_view text, std::string& out) const;

  std::string normalize(std::string_view text) const;

 private:
  static constexpr std::int8_t kRemovedAscii = -1, kNotAscii = -2;

  class PendingMarks;

  /// Returns the normalized form of an ASCII character, or kRemovedAscii if clean_text removes the character. Returns
  /// kNotAscii for any other byte.
  std::int8_t normalized_ascii(char byte) const noexcept { return ascii_table_[static_cast<unsigned char>(byte)]; }

  std::int8_t normalize_ascii(int byte) const noexcept;

  /// Normalizes and appends ASCII characters. `run` must not contain characters that clean_text removes.
  void append_ascii(std::string_view run, std::string& out) const;

  /// Returns a pointer to the first character in [p, end) that is ASCII, invalid, or changed or removed by the
  /// normalizer. Returns `end` if there is none.
  const char* find_affected(const char* p, const char* end) const noexcept;

  /// Normalizes and appends a character that is not ASCII.
  void append_character(char32_t c, PendingMarks& pending, std::string& out) const;

  /// Applies strip_accents and lowercase to a character and appends the result.
  void append_stripped(char32_t c, PendingMarks& pending, std::string& out) const;

  void append_lowered(char32_t c, std::string& out) const;

  BertNormalizerOptions options_;
  bool strips_accents_;
  std::uint8_t affected_ = 0;     // a step affects a character if its unicode::properties() have any of these bits
  std::int8_t ascii_table_[256];  // the results of normalized_ascii(), by byte
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/normalizer.ipp>
#endif
