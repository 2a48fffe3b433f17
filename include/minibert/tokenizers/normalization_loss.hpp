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
  bool letters = false;  ///< marks that turn a Cyrillic letter into another: й becomes и, ї becomes і
  index_t latin_letters = 0;     ///< number of Latin letters
  index_t accented_letters = 0;  ///< number of Latin letters that lose a mark
};

/// Returns which meaningful characters BertNormalizer(options) removes from the text. Accents of Greek letters, stress
/// marks of Cyrillic letters, and the mark of ё do not count, because strip_accents is meant to remove them. Marks of
/// Latin letters are accents in some languages, such as French, and make other letters in others, such as Yoruba. So
/// the result only gives the number of Latin letters that lose a mark.
NormalizationLoss normalization_loss(std::string_view text, const BertNormalizerOptions& options);

/// A warning about characters of one kind that more than 1 % of the lines lose. Names the option that keeps these
/// characters.
struct NormalizationWarning {
  std::string_view lost;    ///< the characters and the reason of the loss; completes "12 lines lose …"
  index_t lines = 0;        ///< number of lines that lose such characters
  index_t total_lines = 0;  ///< number of all lines
  std::string_view option;  ///< the field of BertTokenizerOptions to set: "strip_accents" or "keep_joiners"
  bool value = false;       ///< the value of that field that keeps the characters

  /// Returns 100·lines / total_lines, rounded down to one decimal.
  double percent() const noexcept;
};

/// Counts the lines that lose meaningful characters in normalization.
struct NormalizationLossCount {
  index_t lines = 0;                                ///< all lines added, also those that lose nothing
  index_t lines_with_joiners = 0;                   ///< lines that lose joiners
  index_t lines_with_marks = 0;                     ///< lines that lose marks
  index_t lines_with_letters = 0;                   ///< lines that lose marks that turn a Cyrillic letter into another
  index_t lines_with_accents = 0;                   ///< lines where Cyrillic or Latin letters lose marks
  index_t latin_letters = 0, accented_letters = 0;  ///< Latin letters, and those that lose a mark

  void add(const NormalizationLoss& line) noexcept {
    ++lines;
    lines_with_joiners += line.joiners ? 1 : 0;
    lines_with_marks += line.marks ? 1 : 0;
    lines_with_letters += line.letters ? 1 : 0;
    lines_with_accents += line.letters || line.accented_letters > 0 ? 1 : 0;
    latin_letters += line.latin_letters;
    accented_letters += line.accented_letters;
  }
  void add(const NormalizationLossCount& other) noexcept {
    lines += other.lines;
    lines_with_joiners += other.lines_with_joiners;
    lines_with_marks += other.lines_with_marks;
    lines_with_letters += other.lines_with_letters;
    lines_with_accents += other.lines_with_accents;
    latin_letters += other.latin_letters;
    accented_letters += other.accented_letters;
  }

  /// Returns a warning for each kind of character that more than 1 % of the lines lose. Lost marks of Latin letters
  /// count only if more than 5 % of the Latin letters lose one. Such a text is probably in a language in which the
  /// marks make other letters. (German loses 2 %, French 4 %, Polish 5 %, Czech 13 %, Yoruba and Vietnamese 25 %.)
  std::vector<NormalizationWarning> warnings() const;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/normalization_loss.ipp>
#endif
