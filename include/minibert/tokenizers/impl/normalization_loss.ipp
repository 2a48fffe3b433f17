// Definitions of tokenizers/normalization_loss.hpp.
#pragma once

#include <cmath>

#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/normalization_loss.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

namespace tokenizers::detail {

/// Returns true for marks that strip_accents is meant to remove: accents of Latin, Greek and Cyrillic letters,
/// combining marks for symbols, and variation selectors.
constexpr bool is_expected_loss(char32_t mark) noexcept {
  const auto within = [mark](char32_t first, char32_t last) { return first <= mark && mark <= last; };
  return within(0x300, 0x36F) || within(0x483, 0x487) || within(0x1AB0, 0x1AFF) || within(0x1DC0, 0x1DFF) ||
         within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F) || within(0xFE20, 0xFE2F) || within(0xE0100, 0xE01EF);
}

}  // namespace tokenizers::detail

MINIBERT_INLINE NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options) {
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
  add_if_many(
      lines_with_joiners,
      "zero-width joiners (U+200C, U+200D), which BERT's normalizer removes; this changes how words are spelled",
      "keep_joiners", true);
  return found;
}

}  // namespace minibert
