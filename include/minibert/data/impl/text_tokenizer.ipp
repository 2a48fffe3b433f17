// Definitions of data/text_tokenizer.hpp.
#pragma once

#include <algorithm>
#include <limits>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/data/text_tokenizer.hpp>
#include <minibert/io/lines.hpp>

namespace minibert {

MINIBERT_INLINE TextTokenizer::TextTokenizer(const data_detail::AnyLineTokenizer& tokenizer, index_t max_length,
                                             bool group_texts, index_t num_texts, TokenStoreWriter& writer)
    : tokenizer_(tokenizer), max_length_(max_length), group_texts_(group_texts), writer_(writer) {
  counts_.lines_of_texts.resize(core::usize(num_texts));
}

MINIBERT_INLINE void TextTokenizer::add_block(std::string_view block, index_t text) {
  const index_t count = num_chunks(core::length(block), kChunk);
  if (core::length(chunks_) < count) chunks_.resize(core::usize(count));
  parallel_for_lines(block, kChunk, [&](std::string_view lines, index_t i) {
    Chunk& chunk = core::at(chunks_, i);
    chunk.clear();
    for_each_line(lines, [&](std::string_view line) { add_line(line, chunk); });
  });
  for (index_t i = 0; i < count; ++i) add_chunk(core::at(chunks_, i), text);
}

MINIBERT_INLINE const TextCounts& TextTokenizer::finish() {
  if (!rest_.empty()) writer_.add(rest_);
  return counts_;
}

MINIBERT_INLINE void TextTokenizer::add_line(std::string_view line, Chunk& chunk) const {
  const index_t begin = core::length(chunk.ids);
  const index_t room = group_texts_ ? std::numeric_limits<index_t>::max() : max_length_;
  const index_t excess = tokenizer_.encode_into(line, room, chunk.ids);
  if (core::length(chunk.ids) - begin <= 2) {  // nothing between [CLS] and [SEP]
    ++chunk.num_blank;
    if (!group_texts_) chunk.ids.resize(core::usize(begin));
    return;
  }
  chunk.num_truncated += excess > 0;
  chunk.num_text_tokens += core::length(chunk.ids) - begin - 2;
  chunk.num_unknown += std::count(chunk.ids.begin() + begin, chunk.ids.end(), tokenizer_.unk_token_id());
  chunk.ends.push_back(core::length(chunk.ids));
}

MINIBERT_INLINE void TextTokenizer::add_chunk(const Chunk& chunk, index_t text) {
  core::at(counts_.lines_of_texts, text) += core::length(chunk.ends);
  counts_.num_blank += chunk.num_blank;
  counts_.num_truncated += chunk.num_truncated;
  counts_.num_text_tokens += chunk.num_text_tokens;
  counts_.num_unknown += chunk.num_unknown;
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

}  // namespace minibert
