// normalization_loss(): finds meaningful characters that normalization removes, such as the vowel signs of Indic
// scripts.
#pragma once

#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/normalizer.hpp>

namespace minibert {

/// The kinds of meaningful characters that normalization removes from a text.
struct NormalizationLoss {
  bool joiners = false;  ///< U+200C or U+200D, which shape words in Indic and Arabic scripts
  bool marks = false;    ///< marks that are part of the spelling, such as vowel signs and the voicing marks of kana
};

/// Returns which meaningful characters BertNormalizer(options) removes from the text. Accents of Latin, Greek and
/// Cyrillic letters do not count, because strip_accents is meant to remove them.
NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options);

/// A kind of character that more than 1 % of the lines lose, and the option that keeps it.
struct NormalizationWarning {
  std::string_view lost;    ///< the characters and the reason of the loss; completes "12 lines lose …"
  index_t lines = 0;        ///< number of lines that lose such characters
  index_t total_lines = 0;  ///< number of all lines
  std::string_view option;  ///< the field of BertTokenizerOptions to set: "strip_accents" or "keep_joiners"
  bool value = false;       ///< the value of that field that keeps the characters

  /// Returns 100·lines / total_lines, rounded down to one decimal.
  double percent() const noexcept;
};

/// Counts the lines that lose characters.
struct NormalizationLossCount {
  index_t lines = 0;               ///< all lines added, also those that lose nothing
  index_t lines_with_joiners = 0;  ///< lines that lose joiners
  index_t lines_with_marks = 0;    ///< lines that lose marks

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
  std::vector<NormalizationWarning> warnings() const;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/normalization_loss.ipp>
#endif
