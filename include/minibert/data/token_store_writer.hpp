// TokenStoreWriter: writes a token store example by example. Keeps only a buffer and the index of one segment in
// memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

/// Writes a store. The function `write` receives its parts in order.
class TokenStoreWriter {
 public:
  /// Expects ids below vocab_size, at most max_length in each example.
  TokenStoreWriter(std::function<void(std::string_view)> write, index_t vocab_size, index_t max_length);

  /// Adds an example. @throws ValueError if an id is not in the vocabulary
  void add(std::span<const token_id> ids);

  /// Writes the rest of the store. Do not call add() afterwards. The footer stores two fingerprints: `key` covers text,
  /// tokenizer and settings, `text` covers only the text.
  void finish(std::uint64_t key, std::uint64_t text, const TextCounts& counts);

 private:
  static constexpr index_t kBufferSize = 1 << 20;

  /// Returns the position in the store where the next byte goes.
  std::uint64_t position() const noexcept { return written_ + buffer_.size(); }
  /// Appends the low `width` bytes of a number.
  void append(std::uint64_t value, std::uint64_t width) {
    buffer_.append(reinterpret_cast<const char*>(&value), width);
  }
  template <class Id>
  void append_as(std::span<const token_id> ids);
  /// Pads the buffer to a multiple of 8 bytes.
  void pad() { buffer_.resize(core::usize(core::round_up(core::length(buffer_), 8))); }

  /// Appends the index of the open segment.
  void end_segment();

  /// Writes the whole 8-byte words of the buffer, because the fingerprint takes no less: all of it, after pad().
  void flush();

  std::function<void(std::string_view)> write_;
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

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_store_writer.ipp>
#endif
