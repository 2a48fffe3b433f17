// TokenStoreWriter: writes a token store example by example. Keeps only a buffer, the index of one segment and the
// positions of the segments in memory.
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

/// Counts that are known when all texts have been read.
struct TextCounts {
  std::vector<index_t> lines_of_texts;       // for each text, how many of its lines have tokens
  index_t num_blank = 0, num_truncated = 0;  // lines without tokens, and lines cut to max_length
  index_t num_text_tokens = 0;               // tokens of all lines, without the [CLS] and [SEP] around a line
  index_t num_unknown = 0;                   // those of them that are [UNK]
};

/// Writes a token store, from the first byte to the last.
class TokenStoreWriter {
 public:
  /// add() and finish() pass the bytes of the store to write(bytes), in order. No example may have more than max_length
  /// ids; this is not checked.
  TokenStoreWriter(std::function<void(std::string_view)> write, index_t vocab_size, index_t max_length);

  /// Adds an example. @throws ValueError unless all ids are in 0 … vocab_size − 1
  void add(std::span<const token_id> ids);

  /// Writes the rest of the store. Do not call add() afterwards. The store's footer contains two fingerprints: `key`,
  /// of the text, the tokenizer and the settings, and `text`, of the text alone.
  void finish(std::uint64_t key, std::uint64_t text, const TextCounts& counts);

 private:
  static constexpr index_t kBufferSize = 1 << 20;  // bytes

  /// Returns the byte position in the store where the next byte goes.
  std::uint64_t position() const noexcept { return written_ + buffer_.size(); }
  /// Appends the low `width` bytes of a number to the buffer.
  void append(std::uint64_t value, std::uint64_t width) {
    buffer_.append(reinterpret_cast<const char*>(&value), width);
  }
  template <class Id>
  void append_as(std::span<const token_id> ids);
  /// Pads the buffer to a multiple of 8 bytes.
  void pad() { buffer_.resize(core::usize(core::round_up(core::length(buffer_), 8))); }

  /// Appends the index of the current segment: the positions of its groups and the lengths of its examples.
  void end_segment();

  /// Writes the buffer, except up to 7 bytes at its end: the fingerprint is computed from whole words of 8 bytes. After
  /// pad(), writes all of it.
  void flush();

  std::function<void(std::string_view)> write_;
  index_t vocab_size_;
  data_detail::TokenStoreFooter footer_;
  std::string buffer_;  // bytes that are not written yet
  std::uint64_t written_ = 0;
  Fingerprint contents_;                  // fingerprint of the bytes written
  std::vector<std::uint64_t> positions_;  // byte position of each group of 64 examples in the current segment
  std::vector<index_t> lengths_;          // number of ids of each example in the current segment
  std::vector<std::uint64_t> segments_;   // byte positions of the finished segments' indexes
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_store_writer.ipp>
#endif
