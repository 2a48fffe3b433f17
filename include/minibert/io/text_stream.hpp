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

namespace minibert {

namespace io::detail {
class Decompressor;
}

/// Reports the progress of long work: `done` of `total`, in a unit that depends on the work.
using Progress = std::function<void(index_t done, index_t total)>;

/// Reads a text file from beginning to end, using memory for about two blocks of block_size bytes. Recognizes gzip and
/// zstd by the first bytes, not by the file's name. Several compressed members in one file count as one text.
/// @throws IoError if the file cannot be read, is not a regular file or changes while it is read; FormatError if
/// compressed data are damaged or cut short; ValueError if the library was built without the decompressor
class TextStream {
 public:
  static constexpr index_t kBlockSize = 16 << 20;

  explicit TextStream(std::filesystem::path path, index_t block_size = kBlockSize);
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

  /// Fills the block up to `size` bytes, or to the end of the text.
  void fill(index_t size);

  std::string_view read_input();

  std::filesystem::path path_;
  io::FileDescriptor file_;
  index_t file_size_, block_size_, bytes_read_ = 0;
  Fingerprint fingerprint_;
  std::vector<char> input_;
  std::string_view unread_;  // part of input_ not decompressed yet
  std::unique_ptr<io::detail::Decompressor> decompressor_;
  std::string block_;
  std::size_t given_ = 0;  // bytes of block_ that next() returned
  bool at_end_ = false;
};

namespace io::detail {

/// Returns the sum of the files' sizes in bytes. @throws IoError if one is missing or not a regular file
index_t total_size(const std::vector<std::filesystem::path>& files);

}  // namespace io::detail

/// Calls f(block, index of the file) for every block of every file, in order. Reports the number of bytes read to
/// `progress`. Returns the fingerprint of the files.
/// @throws the exceptions of TextStream; a missing file is reported before any file is read
template <class F>
std::uint64_t for_each_block(const std::vector<std::filesystem::path>& files, const Progress& progress, F&& f) {
  const index_t total = io::detail::total_size(files);
  Fingerprint fingerprint;
  index_t done = 0;  // bytes of the files before this one
  for (index_t i = 0; i < core::length(files); ++i) {
    TextStream stream(core::at(files, i));
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

/// Calls f(block, index of the text) for every block of every text in memory, in order. Returns the fingerprint of
/// plain files with these contents.
template <class F>
std::uint64_t for_each_block(std::span<const std::string_view> texts, const Progress& progress, F&& f) {
  const std::uint64_t fingerprint = fingerprint_of(texts);
  index_t total = 0, done = 0;
  for (const std::string_view text : texts) total += core::length(text);
  for (index_t i = 0; i < core::length(texts); ++i)
    for (std::string_view rest = core::at(texts, i); !rest.empty();) {
      const std::string_view block = rest.substr(0, core::usize(io::detail::line_start(rest, TextStream::kBlockSize)));
      rest.remove_prefix(block.size());
      f(block, i);
      done += core::length(block);
      if (progress) progress(done, total);
    }
  return fingerprint;
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/text_stream.ipp>
#endif
