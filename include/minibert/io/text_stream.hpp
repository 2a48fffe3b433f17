// Reads text files, plain or compressed, as a stream of blocks of whole lines. The files may be larger than memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/lines.hpp>
#include <minibert/io/text_options.hpp>

namespace minibert {

namespace io::detail {
class Decompressor;
class TextColumn;
class Utf8Lines;
}  // namespace io::detail

/// Reports the progress of long work: `done` of `total`, in a unit that depends on the work.
using Progress = std::function<void(index_t done, index_t total)>;

/// Reads a text file from beginning to end, using memory for about two blocks of block_size bytes. Recognizes gzip and
/// zstd by the first bytes, not by the file's name. Several compressed members in one file count as one text.
/// - From JSON lines and CSV files (text_format()), takes only the column options.text_column_name.
/// - \n ends a line; or \r, if the first kBlockSize bytes have a \r and no \n.
/// - Skips a byte order mark of UTF-8.
/// - Reports lines that are not UTF-8 (see options.allow_invalid_utf8 and options.notice).
/// @throws IoError if the file cannot be read, is not a regular file or changes while it is read; FormatError if the
/// file is not text in UTF-8, if compressed data are damaged or cut short, or if a record is damaged or has no text;
/// ValueError if the library was built without the decompressor that the file needs
class TextStream {
 public:
  static constexpr index_t kBlockSize = 16 << 20;

  explicit TextStream(std::filesystem::path path, TextOptions options = {}, index_t block_size = kBlockSize);
  ~TextStream();

  /// Returns the next whole lines: as many as fit into a block, or more if the first line is longer than a block.
  /// Returns an empty view at the end of the text. The view is valid until the next call.
  std::string_view next();

  /// Return the number of bytes read from the file so far, and the size of the file in bytes.
  index_t bytes_read() const noexcept { return bytes_read_; }
  index_t file_size() const noexcept { return file_size_; }

  /// Returns the fingerprint of the file as it is on disk. Valid only after next() has reached the end of the text.
  std::uint64_t fingerprint() const noexcept { return fingerprint_.value(); }

 private:
  static constexpr index_t kInputSize = 1 << 20;  // a multiple of 8, as Fingerprint::add_part() needs

  enum class LineEnd { unknown, line_feed, carriage_return };

  /// Returns the next whole lines of the file, as next() does for plain text: with all columns of a CSV file, but with
  /// \n as the end of each line.
  std::string_view next_lines();

  /// Returns the position of the last line end in the block, or npos. The first `searched` bytes have no line end.
  std::size_t find_last_line_end(index_t searched);

  /// Fills the block up to `size` bytes, or to the end of the text.
  void fill(index_t size);

  /// Checks the first bytes of the text, and skips the byte order mark.
  void begin_text();

  std::string_view read_input();

  std::filesystem::path path_;
  TextOptions options_;
  io::FileDescriptor file_;
  index_t file_size_, block_size_, bytes_read_ = 0;
  Fingerprint fingerprint_;
  std::vector<char> input_;
  std::string_view unread_;  // part of input_ not decompressed yet
  std::unique_ptr<io::detail::Decompressor> decompressor_;
  std::string block_;
  std::size_t given_ = 0;  // bytes of block_ that next_lines() returned
  LineEnd line_end_ = LineEnd::unknown;
  bool at_end_ = false, is_finished_ = false;
  std::unique_ptr<io::detail::Utf8Lines> utf8_lines_;  // null before the first block
  std::unique_ptr<io::detail::TextColumn> column_;     // null if the file consists of lines
};

namespace io::detail {

/// Returns the sum of the files' sizes in bytes. @throws IoError if one is missing or not a regular file
index_t total_size(const std::vector<std::filesystem::path>& files);

/// A text in memory that is read like a file: without a byte order mark, and with lines that end at \n. Copies a text
/// whose lines end at \r.
class TextInMemory {
 public:
  /// source: the name of the text in messages.
  TextInMemory(std::string_view text, std::string source);
  ~TextInMemory();

  /// Returns the next block of whole lines, or an empty view at the end. @throws FormatError as TextStream::next() does
  std::string_view next(const TextOptions& options);

 private:
  std::string copy_;
  std::string_view rest_;
  std::unique_ptr<Utf8Lines> utf8_lines_;
};

}  // namespace io::detail

/// Calls f(block, index of the file) for every block of every file, in order. Reports the number of bytes read to
/// `progress`. Returns the fingerprint of the files.
/// @throws the exceptions of TextStream; a missing file is reported before any file is read
template <class F>
std::uint64_t for_each_block(const std::vector<std::filesystem::path>& files, const Progress& progress, F&& f,
                             const TextOptions& options = {}) {
  const index_t total = io::detail::total_size(files);
  Fingerprint fingerprint;
  index_t done = 0;  // bytes of the files before this one
  for (index_t i = 0; i < core::length(files); ++i) {
    TextStream stream(core::at(files, i), options);
    for (std::string_view block; !(block = stream.next()).empty();) {
      f(block, i);
      if (progress) progress(done + stream.bytes_read(), total);
    }
    done += stream.file_size();
    fingerprint.add(stream.fingerprint());
  }
  return fingerprint.value();
}

/// Returns the same fingerprint of the files as for_each_block. The fingerprint depends on every byte and on where each
/// file ends. Reads at the speed of the disk, or at several GB/s from the page cache.
/// @throws IoError if a file cannot be read or is not a regular file
std::uint64_t fingerprint_of(const std::vector<std::filesystem::path>& files, const Progress& progress = {});

/// Returns the fingerprint of texts in memory, equal to the fingerprint of files with these contents.
std::uint64_t fingerprint_of(std::span<const std::string_view> texts, const Progress& /*progress*/ = {});

/// Calls f(block, index of the text) for every block of every text in memory, in order. Reads the texts as TextStream
/// reads the lines of files. Returns the fingerprint of plain files with these contents.
/// @throws FormatError if a text is not UTF-8
template <class F>
std::uint64_t for_each_block(std::span<const std::string_view> texts, const Progress& progress, F&& f,
                             const TextOptions& options = {}) {
  const std::uint64_t fingerprint = fingerprint_of(texts);
  index_t total = 0, done = 0;
  for (const std::string_view text : texts) total += core::length(text);
  for (index_t i = 0; i < core::length(texts); ++i) {
    io::detail::TextInMemory text(core::at(texts, i), texts.size() == 1 ? "the text" : core::concat("text ", i + 1));
    for (std::string_view block; !(block = text.next(options)).empty();) {
      f(block, i);
      done += core::length(block);
      if (progress) progress(done, total);
    }
  }
  return fingerprint;
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/text_stream.ipp>
#endif
