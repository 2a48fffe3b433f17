// What normalisation takes from a text that its readers would miss.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
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

namespace detail {

/// Diacritics that strip_accents is asked to remove (those of Latin, Greek and Cyrillic), and variation selectors:
/// their loss is expected.
constexpr bool is_expected_loss(char32_t mark) noexcept {
  const auto within = [mark](char32_t first, char32_t last) { return first <= mark && mark <= last; };
  return within(0x300, 0x36F) || within(0x483, 0x487) || within(0x1AB0, 0x1AFF) || within(0x1DC0, 0x1DFF) ||
         within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) || within(0xFE20, 0xFE2F) || within(0xE0100, 0xE01EF);
}

}  // namespace detail

/// What a normaliser with these options deletes from the text. The accents of Latin, Greek and Cyrillic letters are not
/// counted: removing them is what strip_accents is for.
inline NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options) {
  NormalizationLoss loss;
  const bool strips_accents = options.strips_accents();
  core::utf8::for_each_character(text, [&](char32_t c) {
    if (c < 0x80) return;
    if (unicode::is_joiner(c)) loss.joiners |= options.removes(c);
    if (!strips_accents) return;
    unicode::decompose(c,
                       [&](char32_t part) { loss.marks |= unicode::is_mark(part) && !detail::is_expected_loss(part); });
  });
  return loss;
}

/// Counts the lines that lose characters, for a warning when they are many.
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

  /// What to tell the user, one sentence or two: nothing unless more than 1 % of the lines lose characters.
  std::optional<std::string> warning() const {
    std::string text;
    const auto add_sentence = [&](index_t affected, auto... message) {
      if (100 * affected <= lines) return;
      if (!text.empty()) text += ' ';
      const double percent = std::floor(1000.0 * static_cast<double>(affected) / static_cast<double>(lines)) / 10;
      text += core::concat(affected, " of ", lines, " lines (", percent, " %) ", message...);
    };
    add_sentence(lines_with_marks,
                 "lose vowel signs or other marks that spell words, because stripping of accents is on (it comes with "
                 "lower-casing); to keep them: --strip_accents false.");
    add_sentence(
        lines_with_joiners,
        "hold zero-width joiners (U+200C, U+200D), which BERT's normaliser deletes, in Hugging Face too; words spelled "
        "with them are changed; to keep them: --keep_joiners.");
    return text.empty() ? std::nullopt : std::optional(text);
  }
};

}  // namespace minibert
