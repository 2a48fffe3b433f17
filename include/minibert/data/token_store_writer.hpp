// Writes a token store example by example, in the memory of one segment.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/token_store.hpp>
#include <minibert/io/fingerprint.hpp>

namespace minibert {

/// What is known of a text when all of it was read.
struct TextCounts {
  std::vector<index_t> lines_of_texts;  // with text
  index_t num_blank = 0, num_truncated = 0;
};

/// Sink: `write(std::string_view)`, called with pieces of the store in order.
template <class Sink>
class TokenStoreWriter {
 public:
  /// Of ids below vocab_size, at most max_length an example.
  TokenStoreWriter(Sink& sink, index_t vocab_size, index_t max_length) : sink_(sink), vocab_size_(vocab_size) {
    const auto width = [](index_t most) { return most <= std::numeric_limits<std::uint16_t>::max() ? 2u : 4u; };
    footer_.bytes_per_id = width(vocab_size - 1);
    footer_.bytes_per_length = width(max_length);
    buffer_ = data_detail::kTokenStoreTitle;
  }

  /// ValueError for an id that is not in the vocabulary.
  void add(std::span<const token_id> ids) {
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

  /// Writes the rest: nothing can be added any more. `text` is the text's fingerprint.
  void finish(std::uint64_t key, std::uint64_t text, const TextCounts& counts) {
    if (!lengths_.empty()) end_segment();
    footer_.index_position = position();
    for (const std::uint64_t segment : segments_) append(segment, 8);
    for (const index_t lines : counts.lines_of_texts) append(static_cast<std::uint64_t>(lines), 8);
    flush();
    footer_.key = key;
    footer_.text = text;
    footer_.num_blank = static_cast<std::uint64_t>(counts.num_blank);
    footer_.num_truncated = static_cast<std::uint64_t>(counts.num_truncated);
    footer_.num_texts = counts.lines_of_texts.size();
    footer_.contents = contents_.value();
    footer_.fingerprint = footer_.own_fingerprint();
    sink_.write({reinterpret_cast<const char*>(&footer_), sizeof footer_});
  }

 private:
  static constexpr index_t kBufferSize = 1 << 20;

  std::uint64_t position() const noexcept { return written_ + buffer_.size(); }
  void append(std::uint64_t value, std::uint64_t width) {
    buffer_.append(reinterpret_cast<const char*>(&value), width);  // its low bytes
  }
  template <class Id>
  void append_as(std::span<const token_id> ids) {
    const std::size_t begin = buffer_.size();
    buffer_.resize(begin + ids.size() * sizeof(Id));
    char* out = buffer_.data() + begin;
    for (const token_id id : ids) {
      core::check<ValueError>(id >= 0 && id < vocab_size_, "the tokenizer gave the id ", id,
                              ", but its vocabulary has ", vocab_size_, " entries");
      const auto value = static_cast<Id>(id);
      std::memcpy(out, &value, sizeof value);
      out += sizeof value;
    }
  }
  void pad() { buffer_.resize(core::usize(core::round_up(core::length(buffer_), 8))); }

  void end_segment() {
    pad();
    segments_.push_back(position());
    for (const std::uint64_t value : positions_) append(value, 8);
    for (const index_t value : lengths_) append(static_cast<std::uint64_t>(value), footer_.bytes_per_length);
    pad();
    positions_.clear();
    lengths_.clear();
  }

  /// Writes what are whole words of the fingerprint: all there is, after pad().
  void flush() {
    const std::string_view words = std::string_view(buffer_).substr(0, buffer_.size() / 8 * 8);
    contents_.add_part(words);
    sink_.write(words);
    written_ += words.size();
    buffer_.erase(0, words.size());
  }

  Sink& sink_;
  index_t vocab_size_;
  data_detail::TokenStoreFooter footer_;
  std::string buffer_;  // not written yet
  std::uint64_t written_ = 0;
  Fingerprint contents_;                  // of what was written
  std::vector<std::uint64_t> positions_;  // of the open segment's groups
  std::vector<index_t> lengths_;          // of its examples
  std::vector<std::uint64_t> segments_;   // where the others are
};

}  // namespace minibert
