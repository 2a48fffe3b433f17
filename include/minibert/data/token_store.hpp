// TokenStore: the token ids of all examples in one block of memory. Takes 2 bytes per id if the vocabulary allows,
// otherwise 4, and 2 or 4 bytes per example. A file is memory-mapped, so the text may be larger than memory.
//
// Layout, little-endian, every part a multiple of 8 bytes: a title; alternately the ids of up to 65,536 examples and a
// segment that indexes them; the positions of the segments; the number of non-blank lines of each text; the footer.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

namespace data_detail {

static_assert(std::endian::native == std::endian::little, "token stores are little-endian");

/// The last bytes of a token store.
struct TokenStoreFooter {
  static constexpr std::uint64_t kMagic = 0x73'6E'65'6B'6F'74'62'6D;  // "mbtokens"
  static constexpr std::uint64_t kVersion = 1;

  std::uint64_t magic = kMagic, version = kVersion;
  std::uint64_t key = 0;                                 // fingerprint of text, tokenizer and settings
  std::uint64_t text = 0;                                // the text's fingerprint
  std::uint64_t bytes_per_id = 0, bytes_per_length = 0;  // 2 or 4
  std::uint64_t num_examples = 0, num_tokens = 0, num_blank = 0, num_truncated = 0, num_texts = 0;
  std::uint64_t index_position = 0;  // where the positions of the segments begin
  std::uint64_t contents = 0;        // fingerprint of everything before the footer
  std::uint64_t fingerprint = 0;     // fingerprint of the members above

  /// Returns the fingerprint of all members but the last.
  std::uint64_t computed_fingerprint() const noexcept {
    const std::string_view bytes(reinterpret_cast<const char*>(this), sizeof *this - sizeof fingerprint);
    return Fingerprint().add_part(bytes).value();
  }
};

/// A segment indexes 65,536 examples. It stores the position of every 64th example; the others are found by adding
/// lengths.
inline constexpr index_t kExamplesPerSegment = 1 << 16, kExamplesPerGroup = 64;
inline constexpr std::string_view kTokenStoreTitle = "minibert tokens\n";

}  // namespace data_detail

/// An open token store. Several threads may read it at the same time.
class TokenStore {
 public:
  /// Opens a store in memory. @throws FormatError if it is damaged
  explicit TokenStore(std::string bytes);

  /// Maps a file and reads it once to verify its checksum (some GB/s from memory).
  /// @throws FormatError if the file is damaged or truncated, or has another key
  /// @throws IoError if the file cannot be read
  TokenStore(const std::filesystem::path& path, std::uint64_t key, const Progress& progress = {});
  TokenStore(const TokenStore&) = delete;
  TokenStore& operator=(const TokenStore&) = delete;

  index_t size() const noexcept { return static_cast<index_t>(footer_.num_examples); }
  index_t num_tokens() const noexcept { return static_cast<index_t>(footer_.num_tokens); }
  index_t num_blank() const noexcept { return static_cast<index_t>(footer_.num_blank); }
  index_t num_truncated() const noexcept { return static_cast<index_t>(footer_.num_truncated); }
  std::uint64_t text_fingerprint() const noexcept { return footer_.text; }
  /// Returns the number of non-blank lines of each text.
  std::vector<index_t> lines_of_texts() const;

  /// Returns the number of tokens of example i.
  index_t num_tokens(index_t i) const noexcept {
    return length_at(segment_of(i), i % data_detail::kExamplesPerSegment);
  }

  /// Appends the ids of example i.
  void append_ids(index_t i, std::vector<token_id>& ids) const;

 private:
  using Footer = data_detail::TokenStoreFooter;

  /// The positions of a segment's arrays: the position of every 64th example, and the length of each.
  struct Segment {
    std::uint64_t positions, lengths;
  };

  /// Loads a value at a byte position.
  template <class T>
  T load(std::uint64_t position) const noexcept {
    T value;
    std::memcpy(&value, bytes_.data() + position, sizeof value);
    return value;
  }
  /// Loads element k of the array at byte position `array`. width: bytes per element, 2 or 4.
  index_t load_small(std::uint64_t array, index_t k, std::uint64_t width) const noexcept {
    return width == 2 ? load<std::uint16_t>(array + 2 * core::usize(k))
                      : load<std::uint32_t>(array + 4 * core::usize(k));
  }
  index_t length_at(const Segment& segment, index_t place) const noexcept {
    return load_small(segment.lengths, place, footer_.bytes_per_length);
  }

  std::uint64_t num_segments() const noexcept {
    return core::usize(core::ceil_div(size(), data_detail::kExamplesPerSegment));
  }
  Segment segment_of(index_t i) const noexcept;

  /// Reads the footer and verifies the store. @throws FormatError
  void open(const std::string& source, std::optional<std::uint64_t> key, const Progress& progress);

  static void check_fingerprint(std::uint64_t found, std::uint64_t expected, const std::string& source,
                                std::string_view part);

  std::uint64_t fingerprint_of_contents(std::uint64_t end, const Progress& progress) const;

  /// Counts the bytes that a read at `position` has mapped, and releases the file's pages when there are many.
  /// Otherwise all pages ever read would count as the program's memory. The system maps 64 kB around each position
  /// read: once for the ids, once for the segment.
  void count_mapped(index_t position) const noexcept;

  std::optional<MappedFile> file_;
  std::string memory_;
  std::string_view bytes_;  // the bytes of file_ or memory_
  Footer footer_;
  mutable std::atomic<index_t> last_read_ = 0;  // the position of the last read
  mutable std::atomic<index_t> mapped_ = 0;     // bytes mapped since pages were last released
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_store.ipp>
#endif
