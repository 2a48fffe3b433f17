// WordCounts and WordCounter: the distinct words of a corpus with their counts, from which a vocabulary is trained.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/fnv1a.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/lines.hpp>
#include <minibert/io/text_stream.hpp>
#include <minibert/tokenizers/normalization_loss.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/pre_tokenizer.hpp>

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
  /// @throws ValueError once there are 2^31 distinct words
  void add(std::string_view word, std::int64_t count = 1) {
    if (2 * (counts_.size() + 1) > slots_.size()) grow();
    const std::uint32_t hash = hash_of(word);
    std::uint32_t& slot = find_slot(word, hash);
    if (slot != kEmpty) {
      counts_[slot] += count;
      return;
    }
    slot = static_cast<std::uint32_t>(size());
    text_ += word;
    begins_.push_back(core::length(text_));
    counts_.push_back(count);
    hashes_.push_back(hash);
  }

  /// Adds the counts of `other`, and its new words in its order.
  void add(const WordCounts& other) {
    for (index_t i = 0; i < other.size(); ++i) add(other.word(i), other.count(i));
  }

 private:
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};

  /// Returns the FNV-1a hash. XORs the high half into the low half, whose bits select the slot.
  static std::uint32_t hash_of(std::string_view word) noexcept {
    const std::uint64_t hash = core::fnv1a(word);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
  }

  /// Returns the slot of the word, or the empty slot where it belongs. At least half of the slots are empty.
  std::uint32_t& find_slot(std::string_view word, std::uint32_t hash) noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      std::uint32_t& slot = slots_[i];
      if (slot == kEmpty || (hashes_[slot] == hash && this->word(slot) == word)) return slot;
    }
  }

  void grow() {
    core::check<ValueError>(slots_.size() <= kEmpty, "word counts: found more than ", size(), " distinct words");
    slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kEmpty);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t word = 0; word < counts_.size(); ++word) {
      std::size_t i = hashes_[word] & mask;
      while (slots_[i] != kEmpty) i = (i + 1) & mask;
      slots_[i] = word;
    }
  }

  std::string text_;                   // all words, one after another
  std::vector<index_t> begins_ = {0};  // where each word begins in text_, and the end of the last
  std::vector<std::int64_t> counts_;
  std::vector<std::uint32_t> hashes_;
  std::vector<std::uint32_t> slots_;  // hash table of word numbers, with linear probing
};

/// Counts the words that BertNormalizer and BertPreTokenizer make of texts, and the lines that lose meaningful
/// characters in normalisation. The result does not depend on the number of threads.
class WordCounter {
 public:
  explicit WordCounter(const BertNormalizerOptions& options) : normalizer_(options) {}

  const WordCounts& counts() const noexcept { return counts_; }
  const NormalizationLossCount& loss() const noexcept { return loss_; }

  /// Adds the words of a text, line by line. Only \n ends a line. Uses all threads.
  void add_text(std::string_view text) {
    for_each_block(std::span(&text, 1), {}, [&](std::string_view block, index_t /*text*/) { add_block(block); });
  }

  /// Adds the words of text files, plain or compressed, which may be larger than memory. Uses all threads. Reports the
  /// bytes read to `progress`.
  /// @throws as TextStream
  void add_files(const std::vector<std::filesystem::path>& files, const Progress& progress = {}) {
    for_each_block(files, progress, [&](std::string_view block, index_t /*file*/) { add_block(block); });
  }
  void add_file(const std::filesystem::path& path) { add_files({path}); }

 private:
  static constexpr index_t kChunk = 1 << 18;

  struct Part {
    WordCounts counts;
    NormalizationLossCount loss;
  };

  /// Counts chunks of the block in parallel, then merges the counts in the order of the chunks, so that words stay in
  /// order of first appearance.
  void add_block(std::string_view block) {
    std::vector<Part> parts(core::usize(num_chunks(core::length(block), kChunk)));
    parallel_for_lines(block, kChunk,
                       [&](std::string_view lines, index_t i) { count_lines(lines, core::at(parts, i)); });
    for (const Part& part : parts) {
      counts_.add(part.counts);
      loss_.add(part.loss);
    }
  }

  void count_lines(std::string_view text, Part& part) const {
    std::string normalized;
    for_each_line(text, [&](std::string_view line) {
      normalized.clear();
      normalizer_.append(line, normalized);
      pre_tokenizer_.for_each_word(normalized, [&](std::string_view word) { part.counts.add(word); });
      part.loss.add(normalization_loss(line, normalizer_.options()));
    });
  }

  BertNormalizer normalizer_;
  BertPreTokenizer pre_tokenizer_;
  WordCounts counts_;
  NormalizationLossCount loss_;
};

}  // namespace minibert
