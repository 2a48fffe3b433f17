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

/// Trains a vocabulary like Hugging Face's WordPieceTrainer, with options of the same names and defaults. Hugging Face
/// visits words in random order. So the ids of its "##c" entries and its choice between equally frequent pairs change
/// from run to run. This trainer visits words in order of first appearance. So it always gives the same vocabulary,
/// which is one that Hugging Face can give too.
struct WordPieceTrainer {
  index_t vocab_size = 30000;
  std::int64_t min_frequency = 0;  ///< pairs with a lower count are not merged
  /// Keeps at most this number of characters, the most frequent ones. Of equally frequent characters, keeps those with
  /// lower code points.
  std::optional<index_t> limit_alphabet = {};
  std::u32string initial_alphabet = {};          ///< added even if they do not occur; limit_alphabet ranks them first
  std::vector<std::string> special_tokens = {};  ///< these tokens get the first ids
  std::string continuing_subword_prefix = "##";

  /// Returns the vocabulary, in order of ids: special tokens, characters by code point, characters that continue a word
  /// by first appearance, merged pairs in order of merging. Has more than vocab_size entries if the special tokens and
  /// characters alone are more.
  /// @throws ValueError if vocab_size is below 1, or min_frequency or limit_alphabet is negative
  std::vector<std::string> train(const WordCounts& words) const;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/wordpiece_trainer.ipp>
#endif
