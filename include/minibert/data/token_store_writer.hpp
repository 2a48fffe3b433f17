// TokenStoreWriter: writes a token store example by example. Keeps only a buffer and the index of one segment in
// memory.
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

/// The counts of the texts, known when all of them have been read.
struct TextCounts {
  std::vector<index_t> lines_of_texts;  // non-blank lines of each text
  index_t num_blank = 0, num_truncated = 0;
};

/// Sink: has write(std::string_view), which is called with the parts of the store in order.
template <class Sink>
class TokenStoreWriter {
 public:
  /// Expects ids below vocab_size, at most max_length in each example.
  TokenStoreWriter(Sink& sink, index_t vocab_size, index_t max_length) : sink_(sink), vocab_size_(vocab_size) {
    const auto width = [](index_t most) { return most <= std::numeric_limits<std::uint16_t>::max() ? 2u : 4u; };
    footer_.bytes_per_id = width(vocab_size - 1);
    footer_.bytes_per_length = width(max_length);
    buffer_ = data_detail::kTokenStoreTitle;
  }

  /// Adds an example. @throws ValueError if an id is not in the vocabulary
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

  /// Writes the rest of the store; add() must not be called afterwards. key, text: fingerprints for the footer.
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
    footer_.fingerprint = footer_.computed_fingerprint();
    sink_.write({reinterpret_cast<const char*>(&footer_), sizeof footer_});
  }

 private:
  static constexpr index_t kBufferSize = 1 << 20;

  /// Returns the position in the store where the next byte goes.
  std::uint64_t position() const noexcept { return written_ + buffer_.size(); }
  /// Appends the low `width` bytes of a number.
  void append(std::uint64_t value, std::uint64_t width) {
    buffer_.append(reinterpret_cast<const char*>(&value), width);
  }
  template <class Id>
  void append_as(std::span<const token_id> ids) {
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
  /// Pads the buffer to a multiple of 8 bytes.
  void pad() { buffer_.resize(core::usize(core::round_up(core::length(buffer_), 8))); }

  /// Appends the index of the open segment.
  void end_segment() {
    pad();
    segments_.push_back(position());
    for (const std::uint64_t value : positions_) append(value, 8);
    for (const index_t value : lengths_) append(static_cast<std::uint64_t>(value), footer_.bytes_per_length);
    pad();
    positions_.clear();
    lengths_.clear();
  }

  /// Writes the whole 8-byte words of the buffer, because the fingerprint takes no less: all of it, after pad().
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
  std::string buffer_;  // bytes that are not written yet
  std::uint64_t written_ = 0;
  Fingerprint contents_;                  // fingerprint of the bytes written
  std::vector<std::uint64_t> positions_;  // of the groups of 64 examples in the open segment
  std::vector<index_t> lengths_;          // of the examples in the open segment
  std::vector<std::uint64_t> segments_;   // positions of the finished segments
};

}  // namespace minibert
