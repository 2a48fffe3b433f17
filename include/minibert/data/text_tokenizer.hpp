// TextTokenizer: tokenizes blocks of text on all threads, and writes the examples in order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/data/line_tokenizer.hpp>
#include <minibert/data/token_store_writer.hpp>

namespace minibert {

/// Makes examples from texts, which arrive as blocks of whole lines. The examples do not depend on the number of
/// threads or on where blocks end.
/// - Without group_texts, each line that has tokens becomes one example. A line of more than max_length tokens is cut
///   to max_length, but keeps its [SEP].
/// - With group_texts, all lines, also blank ones, are concatenated with their [CLS] and [SEP]. The result is cut every
///   max_length tokens, as in transformers' run_mlm.py. Unlike run_mlm.py, the shorter last example is kept.
class TextTokenizer {
 public:
  /// The tokenizer and the writer must outlive this object.
  TextTokenizer(const data_detail::AnyLineTokenizer& tokenizer, index_t max_length, bool group_texts, index_t num_texts,
                TokenStoreWriter& writer);

  /// Tokenizes a block and writes its examples. `text` is the index of the text that the block belongs to, from 0.
  /// @throws whatever the tokenizer or the writer throws
  void add_block(std::string_view block, index_t text);

  /// With group_texts, writes the remaining ids as the last example. Returns the counts of all texts.
  const TextCounts& finish();

 private:
  static constexpr index_t kChunk = 1 << 16;  // bytes of text that one thread tokenizes at a time

  /// The ids of one chunk of a block. The next block uses the same Chunk objects, so that they need not allocate again.
  struct Chunk {
    std::vector<token_id> ids;
    std::vector<index_t> ends;  // the end in `ids` of each line that has tokens
    index_t num_blank = 0, num_truncated = 0, num_text_tokens = 0, num_unknown = 0;

    void clear() noexcept {
      ids.clear();
      ends.clear();
      num_blank = num_truncated = num_text_tokens = num_unknown = 0;
    }
  };

  void add_line(std::string_view line, Chunk& chunk) const;

  void add_chunk(const Chunk& chunk, index_t text);

  const data_detail::AnyLineTokenizer& tokenizer_;
  index_t max_length_;
  bool group_texts_;
  TokenStoreWriter& writer_;
  std::vector<Chunk> chunks_;
  std::vector<token_id> rest_;  // with group_texts: ids that do not fill an example yet
  TextCounts counts_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/text_tokenizer.ipp>
#endif
