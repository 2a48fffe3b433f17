// WordPieceTrainer: trains a vocabulary. Starts with single characters and repeatedly merges the most frequent pair.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/word_counts.hpp>

namespace minibert {

/// Trains a vocabulary like Hugging Face's WordPieceTrainer. Its options have the same names and defaults. Hugging Face
/// visits words in random order, so the ids of its "##c" entries and the choice between equally frequent pairs change
/// from run to run. This trainer visits words in order of first appearance and always gives the same vocabulary, one
/// that Hugging Face can give too.
struct WordPieceTrainer {
  index_t vocab_size = 30000;
  std::int64_t min_frequency = 0;  ///< rarer pairs are not merged
  /// Keeps at most this number of characters, the most frequent ones. Lower code points win ties.
  std::optional<index_t> limit_alphabet = {};
  std::u32string initial_alphabet = {};          ///< characters to keep even if they do not occur
  std::vector<std::string> special_tokens = {};  ///< get the first ids
  std::string continuing_subword_prefix = "##";

  /// Returns the vocabulary, in order of ids: special tokens, characters by code point, characters that continue a word
  /// by first appearance, merged pairs in order of merging. Exceeds vocab_size if special tokens and characters
  /// alone do.
  /// @throws ValueError if vocab_size is below 1, or min_frequency or limit_alphabet is negative
  std::vector<std::string> train(const WordCounts& words) const;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/wordpiece_trainer.ipp>
#endif
