// Definitions of data/token_store_writer.hpp.
#pragma once

#include <cstring>
#include <limits>

#include <minibert/core/error.hpp>
#include <minibert/data/token_store_writer.hpp>

namespace minibert {

MINIBERT_INLINE TokenStoreWriter::TokenStoreWriter(std::function<void(std::string_view)> write, index_t vocab_size,
                                                   index_t max_length)
    : write_(std::move(write)), vocab_size_(vocab_size) {
  const auto width = [](index_t most) { return most <= std::numeric_limits<std::uint16_t>::max() ? 2u : 4u; };
  footer_.bytes_per_id = width(vocab_size - 1);
  footer_.bytes_per_length = width(max_length);
  buffer_ = data_detail::kTokenStoreTitle;
}

template <class Id>
void TokenStoreWriter::append_as(std::span<const token_id> ids) {
  const std::size_t begin = buffer_.size();
  buffer_.resize(begin + ids.size() * sizeof(Id));
  char* out = buffer_.data() + begin;
  for (const token_id id : ids) {
    core::check<ValueError>(id >= 0 && id < vocab_size_, "the tokenizer returned the id ", id,
                            ", expected 0 or more and less than its vocab_size, ", vocab_size_);
    const auto value = static_cast<Id>(id);
    std::memcpy(out, &value, sizeof value);
    out += sizeof value;
  }
}

MINIBERT_INLINE void TokenStoreWriter::add(std::span<const token_id> ids) {
  if (core::length(lengths_) % data_detail::kExamplesPerGroup == 0) positions_.push_back(position());
  if (footer_.bytes_per_id == 2)
    append_as<std::uint16_t>(ids);
  else
    append_as<std::uint32_t>(ids);
  lengths_.push_back(core::length(ids));
  ++footer_.num_examples;
  footer_.num_tokens += ids.size();
  if (core::length(lengths_) == data_detail::kExamplesPerSegment) end_segment();
  if (core::length(buffer_) >= kBufferSize) flush();
}

MINIBERT_INLINE void TokenStoreWriter::finish(std::uint64_t key, std::uint64_t text, const TextCounts& counts) {
  if (!lengths_.empty()) end_segment();
  footer_.index_position = position();
  for (const std::uint64_t segment : segments_) append(segment, 8);
  for (const index_t lines : counts.lines_of_texts) append(static_cast<std::uint64_t>(lines), 8);
  flush();
  footer_.key = key;
  footer_.text = text;
  footer_.num_blank = static_cast<std::uint64_t>(counts.num_blank);
  footer_.num_truncated = static_cast<std::uint64_t>(counts.num_truncated);
  footer_.num_text_tokens = static_cast<std::uint64_t>(counts.num_text_tokens);
  footer_.num_unknown = static_cast<std::uint64_t>(counts.num_unknown);
  footer_.num_texts = counts.lines_of_texts.size();
  footer_.contents = contents_.value();
  footer_.fingerprint = footer_.computed_fingerprint();
  write_({reinterpret_cast<const char*>(&footer_), sizeof footer_});
}

MINIBERT_INLINE void TokenStoreWriter::end_segment() {
  pad();
  segments_.push_back(position());
  for (const std::uint64_t value : positions_) append(value, 8);
  for (const index_t value : lengths_) append(static_cast<std::uint64_t>(value), footer_.bytes_per_length);
  pad();
  positions_.clear();
  lengths_.clear();
}

MINIBERT_INLINE void TokenStoreWriter::flush() {
  const std::string_view words = std::string_view(buffer_).substr(0, buffer_.size() / 8 * 8);
  contents_.add_part(words);
  write_(words);
  written_ += words.size();
  buffer_.erase(0, words.size());
}

}  // namespace minibert
