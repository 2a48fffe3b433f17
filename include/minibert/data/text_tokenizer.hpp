// TextTokenizer: tokenises blocks of text on all threads, and writes the examples in order.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/token_store_writer.hpp>
#include <minibert/io/lines.hpp>

namespace minibert {

/// A tokenizer of lines. encode_into() appends a line's ids, [CLS] … [SEP], cut to max_length, and returns how many ids
/// did not fit. All ids are below vocab_size(). Tokenizers with the same fingerprint() encode every line alike.
template <class T>
concept LineTokenizer = requires(const T& tokenizer, std::string_view line, std::vector<token_id>& ids) {
  { tokenizer.encode_into(line, index_t{}, ids) } -> std::convertible_to<index_t>;
  { tokenizer.vocab_size() } -> std::convertible_to<index_t>;
  { tokenizer.fingerprint() } -> std::convertible_to<std::uint64_t>;
};

/// Makes examples of texts, which arrive as blocks of whole lines. The examples do not depend on the number of threads
/// or on where blocks end.
/// - Line by line: each line with a token is one example, cut to max_length but with its [SEP].
/// - Grouped: all lines, also blank ones, are concatenated with their [CLS] and [SEP], and cut into examples of
///   max_length tokens, as in transformers' run_mlm.py. Unlike there, the shorter last example is kept.
template <LineTokenizer Tokenizer, class Sink>
class TextTokenizer {
 public:
  TextTokenizer(const Tokenizer& tokenizer, index_t max_length, bool group_texts, index_t num_texts,
                TokenStoreWriter<Sink>& writer)
      : tokenizer_(tokenizer), max_length_(max_length), group_texts_(group_texts), writer_(writer) {
    counts_.lines_of_texts.resize(core::usize(num_texts));
  }

  /// Tokenises a block of the text with number `text`, and writes its examples.
  /// @throws whatever the tokenizer or the writer throws
  void add_block(std::string_view block, index_t text) {
    const index_t count = num_chunks(core::length(block), kChunk);
    if (core::length(chunks_) < count) chunks_.resize(core::usize(count));
    parallel_for_lines(block, kChunk, [&](std::string_view lines, index_t i) {
      Chunk& chunk = core::at(chunks_, i);
      chunk.clear();
      for_each_line(lines, [&](std::string_view line) { add_line(line, chunk); });
    });
    for (index_t i = 0; i < count; ++i) add_chunk(core::at(chunks_, i), text);
  }

  /// Writes the last grouped example. Returns the counts of all texts.
  const TextCounts& finish() {
    if (!rest_.empty()) writer_.add(rest_);
    return counts_;
  }

 private:
  static constexpr index_t kChunk = 1 << 16;  // bytes of text that one thread tokenises at a time

  /// The ids of one chunk of a block. Reused for the next block, so that its memory is not allocated again.
  struct Chunk {
    std::vector<token_id> ids;
    std::vector<index_t> ends;  // where each line with a token ends in ids
    index_t num_blank = 0, num_truncated = 0;

    void clear() noexcept {
      ids.clear();
      ends.clear();
      num_blank = num_truncated = 0;
    }
  };

  void add_line(std::string_view line, Chunk& chunk) const {
    const index_t begin = core::length(chunk.ids);
    const index_t room = group_texts_ ? std::numeric_limits<index_t>::max() : max_length_;
    const index_t excess = tokenizer_.encode_into(line, room, chunk.ids);
    if (core::length(chunk.ids) - begin <= 2) {  // nothing between [CLS] and [SEP]
      ++chunk.num_blank;
      if (!group_texts_) chunk.ids.resize(core::usize(begin));
      return;
    }
    chunk.num_truncated += excess > 0;
    chunk.ends.push_back(core::length(chunk.ids));
  }

  void add_chunk(const Chunk& chunk, index_t text) {
    core::at(counts_.lines_of_texts, text) += core::length(chunk.ends);
    counts_.num_blank += chunk.num_blank;
    counts_.num_truncated += chunk.num_truncated;
    if (group_texts_) {
      rest_.insert(rest_.end(), chunk.ids.begin(), chunk.ids.end());
      index_t begin = 0;
      for (; core::length(rest_) - begin >= max_length_; begin += max_length_)
        writer_.add(std::span(rest_).subspan(core::usize(begin), core::usize(max_length_)));
      rest_.erase(rest_.begin(), rest_.begin() + begin);
      return;
    }
    index_t begin = 0;
    for (const index_t end : chunk.ends) {
      writer_.add(std::span(chunk.ids).subspan(core::usize(begin), core::usize(end - begin)));
      begin = end;
    }
  }

  const Tokenizer& tokenizer_;
  index_t max_length_;
  bool group_texts_;
  TokenStoreWriter<Sink>& writer_;
  std::vector<Chunk> chunks_;
  std::vector<token_id> rest_;  // grouped: ids that do not fill an example yet
  TextCounts counts_;
};

}  // namespace minibert
