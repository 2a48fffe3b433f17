// WordCounts and WordCounter: the distinct words of a corpus with their counts, from which a vocabulary is trained.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/text_stream.hpp>
#include <minibert/tokenizers/normalization_loss.hpp>
#include <minibert/tokenizers/normalizer.hpp>

namespace minibert {

/// Distinct words, in order of first appearance, with 64-bit counts.
class WordCounts {
 public:
  index_t size() const noexcept { return core::length(counts_); }
  /// Returns the total length of the distinct words, in bytes.
  index_t num_bytes() const noexcept { return core::length(text_); }
  std::string_view word(index_t i) const noexcept {
    return std::string_view(text_).substr(core::usize(core::at(begins_, i)),
                                          core::usize(core::at(begins_, i + 1) - core::at(begins_, i)));
  }
  std::int64_t count(index_t i) const noexcept { return core::at(counts_, i); }

  /// Adds `count` occurrences of a word.
  /// @throws ValueError if there are 2^31 distinct words already
  void add(std::string_view word, std::int64_t count = 1);

  /// Adds the counts of `other`. Words that occur only in `other` follow the words of this object, in the order of
  /// `other`.
  void add(const WordCounts& other);

 private:
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};

  /// Returns the 64-bit FNV-1a hash of a word, folded into 32 bits: XORs the high half into the low half, because the
  /// low bits select the slot.
  static std::uint32_t hash_of(std::string_view word) noexcept;

  /// Returns the slot of the word, or the empty slot where the word belongs. At least half of the slots are empty.
  std::uint32_t& find_slot(std::string_view word, std::uint32_t hash) noexcept;

  void grow();

  std::string text_;                   // all words, one after another
  std::vector<index_t> begins_ = {0};  // where each word begins in text_, then the size of text_
  std::vector<std::int64_t> counts_;
  std::vector<std::uint32_t> hashes_;
  std::vector<std::uint32_t> slots_;  // hash table of word indices, with linear probing
};

/// Counts the words into which BertNormalizer and BertPreTokenizer split texts. Also counts the lines that lose
/// meaningful characters in normalization. The result does not depend on the number of threads.
class WordCounter {
 public:
  explicit WordCounter(const BertNormalizerOptions& options, TextOptions text_options = {});

  const WordCounts& counts() const noexcept { return counts_; }
  const NormalizationLossCount& loss() const noexcept { return loss_; }

  /// Adds the words of a text, line by line. Lines end with \n, or with \r if there is no \n. Uses all threads.
  /// @throws FormatError if more than 1 % of the lines are not UTF-8, unless the text options allow it
  void add_text(std::string_view text);

  /// Adds the words of text files: lines, JSON lines or CSV, plain or compressed (TextStream). The files may be larger
  /// than memory. Uses all threads. Reports the number of bytes read to `progress`.
  /// @throws IoError, FormatError and ValueError as TextStream
  void add_files(const std::vector<std::filesystem::path>& files, const Progress& progress = {});
  void add_file(const std::filesystem::path& path);

 private:
  static constexpr index_t kChunk = 1 << 18;  // bytes

  struct Part;

  /// Counts the words of each chunk of the block, in parallel. Then merges the counts in the order of the chunks, so
  /// that words stay in order of first appearance.
  void add_block(std::string_view block);

  void count_lines(std::string_view text, Part& part) const;

  BertNormalizer normalizer_;
  TextOptions text_options_;
  WordCounts counts_;
  NormalizationLossCount loss_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/word_counts.ipp>
#endif
