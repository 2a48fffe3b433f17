// What normalisation takes from a text that its readers would miss.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// Which meaningful characters normalisation deletes from a text.
struct NormalizationLoss {
  bool joiners = false;  ///< U+200C or U+200D, which shape words in Indic and Arabic scripts
  bool marks = false;    ///< marks that spell: vowel signs, viramas, nuktas, points, the voicing marks of kana
};

namespace tokenizers::detail {

/// Diacritics that strip_accents is asked to remove (those of Latin, Greek and Cyrillic), and variation selectors:
/// their loss is expected.
constexpr bool is_expected_loss(char32_t mark) noexcept {
  const auto within = [mark](char32_t first, char32_t last) { return first <= mark && mark <= last; };
  return within(0x300, 0x36F) || within(0x483, 0x487) || within(0x1AB0, 0x1AFF) || within(0x1DC0, 0x1DFF) ||
         within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) || within(0xFE20, 0xFE2F) || within(0xE0100, 0xE01EF);
}

}  // namespace tokenizers::detail

/// What a normaliser with these options deletes from the text. The accents of Latin, Greek and Cyrillic letters are not
/// counted: removing them is what strip_accents is for.
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

/// A kind of character that more than 1 % of the lines lose, and the setting that keeps it.
struct NormalizationWarning {
  std::string_view lost;    ///< what the lines lose, and why
  index_t lines = 0;        ///< how many lines lose it
  index_t total_lines = 0;  ///< of how many lines
  std::string_view option;  ///< the field of BertTokenizerOptions that keeps it: "strip_accents" or "keep_joiners"
  bool value = false;       ///< the value that keeps it

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
    add_if_many(lines_with_joiners,
                "zero-width joiners (U+200C, U+200D), which BERT's normalizer deletes; words spelled with them change",
                "keep_joiners", true);
    return found;
  }
};

}  // namespace minibert
