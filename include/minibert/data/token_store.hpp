// TokenStore: the token ids of all examples in one block of memory. An id takes 2 bytes if all ids fit in 16 bits,
// otherwise 4. The length of an example takes 2 or 4 bytes. A file is memory-mapped, so it may be larger than memory.
//
// Layout (little-endian; every part is padded to a multiple of 8 bytes):
// 1. the title,
// 2. for each segment of up to 65,536 examples: the ids of the examples, then the index of the segment,
// 3. the byte position of each segment's index,
// 4. for each text, the number of its lines that have tokens,
// 5. the footer.
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
  static constexpr std::uint64_t kVersion = 2;

  std::uint64_t magic = kMagic, version = kVersion;
  std::uint64_t key = 0;                                 // fingerprint of text, tokenizer and settings
  std::uint64_t text = 0;                                // fingerprint of the text alone
  std::uint64_t bytes_per_id = 0, bytes_per_length = 0;  // each 2 or 4
  std::uint64_t num_examples = 0, num_tokens = 0, num_blank = 0, num_truncated = 0, num_texts = 0;
  std::uint64_t num_text_tokens = 0, num_unknown = 0;  // tokens without [CLS] and [SEP]; those that are [UNK]
  std::uint64_t index_position = 0;                    // byte where the segments' positions begin
  std::uint64_t contents = 0;                          // fingerprint of everything before the footer
  std::uint64_t fingerprint = 0;                       // fingerprint of the members above

  /// Computes the fingerprint of all members except `fingerprint` itself.
  std::uint64_t computed_fingerprint() const noexcept {
    const std::string_view bytes(reinterpret_cast<const char*>(this), sizeof *this - sizeof fingerprint);
    return Fingerprint().add_part(bytes).value();
  }
};

/// A segment has up to 65,536 examples, in groups of 64. The segment's index has the byte position of each group and
/// the length of each example, in ids. To locate an example, the store adds up the lengths of the examples before it in
/// its group.
inline constexpr index_t kExamplesPerSegment = 1 << 16, kExamplesPerGroup = 64;
inline constexpr std::string_view kTokenStoreTitle = "minibert tokens\n";

}  // namespace data_detail

/// An open token store. Several threads may read it at the same time.
class TokenStore {
 public:
  /// Opens a store from its bytes. @throws FormatError if the store is damaged
  explicit TokenStore(std::string bytes);

  /// Maps a file and reads it once to verify its fingerprint (several GB/s if the file is in the page cache).
  /// @throws FormatError if the file is damaged or truncated, or its key is not `key`
  /// @throws IoError if the file cannot be read
  TokenStore(const std::filesystem::path& path, std::uint64_t key, const Progress& progress = {});
  TokenStore(const TokenStore&) = delete;
  TokenStore& operator=(const TokenStore&) = delete;

  index_t size() const noexcept { return static_cast<index_t>(footer_.num_examples); }
  index_t num_tokens() const noexcept { return static_cast<index_t>(footer_.num_tokens); }
  index_t num_blank() const noexcept { return static_cast<index_t>(footer_.num_blank); }
  index_t num_truncated() const noexcept { return static_cast<index_t>(footer_.num_truncated); }
  index_t num_text_tokens() const noexcept { return static_cast<index_t>(footer_.num_text_tokens); }
  index_t num_unknown() const noexcept { return static_cast<index_t>(footer_.num_unknown); }
  std::uint64_t text_fingerprint() const noexcept { return footer_.text; }
  /// Returns, for each text, how many of its lines have at least one token.
  std::vector<index_t> lines_of_texts() const;

  /// Returns the number of tokens of example i.
  index_t num_tokens(index_t i) const noexcept {
    return length_at(segment_of(i), i % data_detail::kExamplesPerSegment);
  }

  /// Appends the ids of example i.
  void append_ids(index_t i, std::vector<token_id>& ids) const;

 private:
  using Footer = data_detail::TokenStoreFooter;

  /// Byte positions of the two arrays in a segment's index: the positions of its groups, and the lengths of its
  /// examples.
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

  /// Reads the footer and verifies the store. `source` names the store in error messages. If `key` is empty, accepts a
  /// store with any key.
  /// @throws FormatError if the store is damaged or has another key
  void open(const std::string& source, std::optional<std::uint64_t> key, const Progress& progress);

  static void check_fingerprint(std::uint64_t found, std::uint64_t expected, const std::string& source,
                                std::string_view part);

  std::uint64_t fingerprint_of_contents(std::uint64_t end, const Progress& progress) const;

  /// Estimates how many bytes the system maps when the program reads an example at `position`, and adds them to
  /// mapped_. When mapped_ reaches 32 MiB (kMaxMapped), releases the file's pages: otherwise all pages ever read would
  /// count as the program's memory. The system maps 64 KiB around each byte that is read. An example needs two reads:
  /// one in its segment's index, and one of its ids.
  void count_mapped(index_t position) const noexcept;

  std::optional<MappedFile> file_;
  std::string memory_;
  std::string_view bytes_;  // the bytes of file_ or memory_
  Footer footer_;
  mutable std::atomic<index_t> last_read_ = 0;  // byte position of the previous read
  mutable std::atomic<index_t> mapped_ = 0;     // estimated bytes mapped since the last release
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_store.ipp>
#endif
