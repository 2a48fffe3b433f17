// Definitions of tokenizers/normalization_loss.hpp.
#pragma once

#include <cmath>

#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalization_loss.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

namespace tokenizers::detail {

/// Returns true for marks of Latin, Greek and Cyrillic letters, combining marks for symbols, and variation selectors.
/// strip_accents is meant to remove these marks. But some of them make another letter, such as the mark of й:
/// LostAccents finds these.
constexpr bool is_expected_loss(char32_t mark) noexcept {
  const auto within = [mark](char32_t first, char32_t last) { return first <= mark && mark <= last; };
  return within(0x300, 0x36F) || within(0x483, 0x487) || within(0x1AB0, 0x1AFF) || within(0x1DC0, 0x1DFF) ||
         within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) || within(0xFE20, 0xFE2F) || within(0xE0100, 0xE01EF);
}

constexpr bool is_latin_letter(char32_t c) noexcept {
  if (c < 0x80) return (c | 0x20) - U'a' < 26;
  return (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x1E00 && c <= 0x1EFF);
}

/// Returns true if the mark turns the Cyrillic letter into another letter, as in й and ї. Returns false for grave and
/// acute, which mark the stress, except in ѓ and ќ. Returns false for the dots of ё, which are often left out.
constexpr bool makes_cyrillic_letter(char32_t letter, char32_t mark) noexcept {
  if (letter < 0x400 || letter > 0x52F || mark < 0x300 || mark > 0x36F) return false;
  const char32_t small = letter >= 0x410 && letter <= 0x42F ? letter + 0x20 : letter;
  if (mark == 0x300 || mark == 0x301) return small == U'\u0433' || small == U'\u043A';
  return !(small == U'\u0435' && mark == 0x308);
}

/// Records in a NormalizationLoss which letters of a text lose their marks when accents are stripped.
class LostAccents {
 public:
  explicit LostAccents(NormalizationLoss& loss) : loss_(loss) {}

  /// Adds the next character of the decomposed text. The character must not be a mark.
  void add_letter(char32_t c) noexcept {
    is_latin_ = is_latin_letter(c);
    loss_.latin_letters += is_latin_ ? 1 : 0;
    letter_ = c;
  }

  /// Adds the next character of the decomposed text.
  void add(char32_t c) noexcept {
    if (!unicode::is_mark(c)) return add_letter(c);
    loss_.letters |= makes_cyrillic_letter(letter_, c);
    loss_.accented_letters += is_latin_ ? 1 : 0;
    is_latin_ = false;  // counts a letter once
  }

 private:
  NormalizationLoss& loss_;
  char32_t letter_ = 0;  // the last character that is not a mark
  bool is_latin_ = false;
};

}  // namespace tokenizers::detail

MINIBERT_INLINE NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options) {
  NormalizationLoss loss;
  const bool strips_accents = options.strips_accents();
  tokenizers::detail::LostAccents accents(loss);
  core::utf8::for_each_character(text, [&](char32_t c) {
    if (c < 0x80) {
      if (strips_accents) accents.add_letter(c);
      return;
    }
    if (unicode::is_joiner(c)) loss.joiners |= options.removes(c);
    if (!strips_accents) return;
    unicode::decompose(c, [&](char32_t part) {
      accents.add(part);
      loss.marks |= unicode::is_mark(part) && !tokenizers::detail::is_expected_loss(part);
    });
  });
  return loss;
}

MINIBERT_INLINE double NormalizationWarning::percent() const noexcept {
  return std::floor(1000.0 * static_cast<double>(lines) / static_cast<double>(total_lines)) / 10;
}

MINIBERT_INLINE std::vector<NormalizationWarning> NormalizationLossCount::warnings() const {
  std::vector<NormalizationWarning> found;
  const auto add_if_many = [&](index_t affected, std::string_view lost, std::string_view option, bool value) {
    if (100 * affected > lines) found.push_back({lost, affected, lines, option, value});
  };
  add_if_many(lines_with_marks,
              "vowel signs or other marks that spell words, because accents are stripped (lower-casing turns this on)",
              "strip_accents", false);
  const bool many_accents = 20 * accented_letters > latin_letters;
  add_if_many(many_accents ? lines_with_accents : lines_with_letters,
              "marks that make other letters, such as those of \u0439, \u0457, \u1ECD and \u1EB9, because accents are "
              "stripped (lower-casing turns this on)",
              "strip_accents", false);
  add_if_many(
      lines_with_joiners,
      "zero-width joiners (U+200C, U+200D), which BERT's normalizer removes; this changes how words are spelled",
      "keep_joiners", true);
  return found;
}

}  // namespace minibert
