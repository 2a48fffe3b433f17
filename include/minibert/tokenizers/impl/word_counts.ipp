// Definitions of tokenizers/word_counts.hpp.
#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/fnv1a.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/io/lines.hpp>
#include <minibert/tokenizers/pre_tokenizer.hpp>
#include <minibert/tokenizers/word_counts.hpp>

namespace minibert {

MINIBERT_INLINE void WordCounts::add(std::string_view word, std::int64_t count) {
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

MINIBERT_INLINE void WordCounts::add(const WordCounts& other) {
  for (index_t i = 0; i < other.size(); ++i) add(other.word(i), other.count(i));
}

MINIBERT_INLINE std::uint32_t WordCounts::hash_of(std::string_view word) noexcept {
  const std::uint64_t hash = core::fnv1a(word);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

MINIBERT_INLINE std::uint32_t& WordCounts::find_slot(std::string_view word, std::uint32_t hash) noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    std::uint32_t& slot = slots_[i];
    if (slot == kEmpty || (hashes_[slot] == hash && this->word(slot) == word)) return slot;
  }
}

MINIBERT_INLINE void WordCounts::grow() {
  core::check<ValueError>(slots_.size() <= kEmpty, "word counts: found more than ", size(),
                          " distinct words, the most supported; count less text");
  slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kEmpty);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t word = 0; word < counts_.size(); ++word) {
    std::size_t i = hashes_[word] & mask;
    while (slots_[i] != kEmpty) i = (i + 1) & mask;
    slots_[i] = word;
  }
}

MINIBERT_INLINE WordCounter::WordCounter(const BertNormalizerOptions& options, TextOptions text_options)
    : normalizer_(options), text_options_(std::move(text_options)) {}

MINIBERT_INLINE void WordCounter::add_text(std::string_view text) {
  for_each_block(
      std::span(&text, 1), {}, [&](std::string_view block, index_t /*text*/) { add_block(block); }, text_options_);
}

MINIBERT_INLINE void WordCounter::add_files(const std::vector<std::filesystem::path>& files, const Progress& progress) {
  for_each_block(
      files, progress, [&](std::string_view block, index_t /*file*/) { add_block(block); }, text_options_);
}

MINIBERT_INLINE void WordCounter::add_file(const std::filesystem::path& path) { add_files({path}); }

struct WordCounter::Part {
  WordCounts counts;
  NormalizationLossCount loss;
};

MINIBERT_INLINE void WordCounter::add_block(std::string_view block) {
  std::vector<Part> parts(core::usize(num_chunks(core::length(block), kChunk)));
  parallel_for_lines(block, kChunk, [&](std::string_view lines, index_t i) { count_lines(lines, core::at(parts, i)); });
  for (const Part& part : parts) {
    counts_.add(part.counts);
    loss_.add(part.loss);
  }
}

MINIBERT_INLINE void WordCounter::count_lines(std::string_view text, Part& part) const {
  const BertPreTokenizer pre_tokenizer;
  std::string normalized;
  for_each_line(text, [&](std::string_view line) {
    normalized.clear();
    normalizer_.append(line, normalized);
    pre_tokenizer.for_each_word(normalized, [&](std::string_view word) { part.counts.add(word); });
    part.loss.add(normalization_loss(line, normalizer_.options()));
  });
}

}  // namespace minibert
