// normalization_loss(): finds meaningful characters that normalisation removes, such as the vowel signs of Indic
// scripts.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// The kinds of meaningful characters that normalisation removes from a text.
struct NormalizationLoss {
  bool joiners = false;  ///< U+200C or U+200D, which shape words in Indic and Arabic scripts
  bool marks = false;    ///< marks that are part of the spelling, such as vowel signs and the voicing marks of kana
};

namespace tokenizers::detail {

/// Returns true for marks that strip_accents is meant to remove: accents of Latin, Greek and Cyrillic letters,
/// combining marks for symbols, and variation selectors.
constexpr bool is_expected_loss(char32_t mark) noexcept {
  const auto within = [mark](char32_t first, char32_t last) { return first <= mark && mark <= last; };
  return within(0x300, 0x36F) || within(0x483, 0x487) || within(0x1AB0, 0x1AFF) || within(0x1DC0, 0x1DFF) ||
         within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) || within(0xFE20, 0xFE2F) || within(0xE0100, 0xE01EF);
}

}  // namespace tokenizers::detail

/// Returns which meaningful characters BertNormalizer(options) removes from the text. Accents of Latin, Greek and
/// Cyrillic letters do not count, because strip_accents is meant to remove them.
inline NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options) {
  NormalizationLoss loss;
  const bool strips_accents = options.strips_accents();
  core::utf8::for_each_character(text, [&](char32_t c) {
    if (c < 0x80) return;
    if (unicode::is_joiner(c)) loss.joiners |= options.removes(c);
    if (!strips_accents) return;
    unicode::decompose(
        c, [&](char32_t part) { loss.marks |= unicode::is_mark(part) && !tokenizers::detail::is_expected_loss(part); });
  });
  return loss;
}

/// A kind of character that more than 1 % of the lines lose, and the option that keeps it.
struct NormalizationWarning {
  std::string_view lost;    ///< the characters and why they are lost; completes "12 lines lose …"
  index_t lines = 0;        ///< number of lines that lose such characters
  index_t total_lines = 0;  ///< number of all lines
  std::string_view option;  ///< the field of BertTokenizerOptions to set: "strip_accents" or "keep_joiners"
  bool value = false;       ///< the value of that field that keeps the characters

  /// Returns the affected share in percent, rounded down to one decimal.
  double percent() const noexcept {
    return std::floor(1000.0 * static_cast<double>(lines) / static_cast<double>(total_lines)) / 10;
  }
};

/// Counts the lines that lose characters.
struct NormalizationLossCount {
  index_t lines = 0;
  index_t lines_with_joiners = 0;
  index_t lines_with_marks = 0;

  void add(const NormalizationLoss& line) noexcept {
    ++lines;
    lines_with_joiners += line.joiners ? 1 : 0;
    lines_with_marks += line.marks ? 1 : 0;
  }
  void add(const NormalizationLossCount& other) noexcept {
    lines += other.lines;
    lines_with_joiners += other.lines_with_joiners;
    lines_with_marks += other.lines_with_marks;
  }

  /// Returns a warning for each kind of character that more than 1 % of the lines lose.
  std::vector<NormalizationWarning> warnings() const {
    std::vector<NormalizationWarning> found;
    const auto add_if_many = [&](index_t affected, std::string_view lost, std::string_view option, bool value) {
      if (100 * affected > lines) found.push_back({lost, affected, lines, option, value});
    };
    add_if_many(
        lines_with_marks,
        "vowel signs or other marks that spell words, because accents are stripped (lower-casing turns this on)",
        "strip_accents", false);
    add_if_many(
        lines_with_joiners,
        "zero-width joiners (U+200C, U+200D), which BERT's normalizer removes; this changes how words are spelled",
        "keep_joiners", true);
    return found;
  }
};

}  // namespace minibert
