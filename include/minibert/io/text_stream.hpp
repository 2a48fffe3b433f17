// Text files, plain or compressed, read as a stream of blocks of whole lines, so they may be larger than memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/detail/decompress.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/lines.hpp>

namespace minibert {

/// Reports the progress of long work: `done` of `total`, in a unit that depends on the work.
using Progress = std::function<void(index_t done, index_t total)>;

/// Reads a text file from beginning to end, in memory of about two blocks. Recognises gzip and zstd by the first bytes,
/// not by the file's name. Several compressed members in one file are one text.
/// @throws IoError if the file cannot be read, is not a regular file or changes while it is read; FormatError if
/// compressed data are damaged or cut short; ValueError if the library was built without the decompressor
class TextStream {
 public:
  static constexpr index_t kBlockSize = 16 << 20;

  explicit TextStream(std::filesystem::path path, index_t block_size = kBlockSize)
      : path_(std::move(path)),
        file_(path_, O_RDONLY),
        file_size_(static_cast<index_t>(file_.size(path_))),
        block_size_(block_size),
        input_(core::usize(kInputSize)) {
    fingerprint_.add(static_cast<std::uint64_t>(file_size_));
    unread_ = read_input();
    decompressor_ = io::detail::make_decompressor(unread_, path_.string());
  }

  /// Returns the next whole lines, as many as fit into a block, or one longer line; an empty view at the end of the
  /// text. The view is valid until the next call.
  std::string_view next() {
    block_.erase(0, given_);
    given_ = 0;
    while (given_ == 0 && !at_end_) {
      const index_t searched = core::length(block_);  // bytes known to hold no end of a line
      fill(std::max(block_size_, 2 * searched));
      const std::size_t newline = std::string_view(block_).substr(core::usize(searched)).rfind('\n');
      if (newline != block_.npos) given_ = core::usize(searched) + newline + 1;
    }
    if (at_end_) given_ = block_.size();
    return std::string_view(block_).substr(0, given_);
  }

  /// Return the bytes read so far, and the size of the file.
  index_t bytes_read() const noexcept { return bytes_read_; }
  index_t file_size() const noexcept { return file_size_; }

  /// Returns the fingerprint of the file as it is on disk, once the end of the text is reached.
  std::uint64_t fingerprint() const noexcept { return fingerprint_.value(); }

 private:
  static constexpr index_t kInputSize = 1 << 20;  // a multiple of 8, as Fingerprint::add_part() needs

  /// Fills the block up to `size` bytes, or to the end of the text.
  void fill(index_t size) {
    index_t filled = core::length(block_);
    block_.resize(core::usize(size));
    while (filled < size && !at_end_) {
      if (unread_.empty()) unread_ = read_input();
      const index_t count = decompressor_->run(unread_, std::span(block_).subspan(core::usize(filled)));
      filled += count;
      at_end_ = count == 0 && unread_.empty() && bytes_read_ == file_size_;
    }
    block_.resize(core::usize(filled));
    if (at_end_) decompressor_->finish();
  }

  std::string_view read_input() {
    const std::string_view part = file_.read(input_, path_);
    bytes_read_ += core::length(part);
    const bool is_last = core::length(part) < core::length(input_);
    core::check<IoError>(bytes_read_ <= file_size_ && (!is_last || bytes_read_ == file_size_), path_.string(),
                         ": changed while it was read; try again when no other program writes to it");
    fingerprint_.add_part(part);
    return part;
  }

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

/// Returns the sum of the files' sizes. @throws IoError if one is missing or not a regular file
inline index_t total_size(const std::vector<std::filesystem::path>& files) {
  index_t size = 0;
  for (const std::filesystem::path& path : files)
    size += static_cast<index_t>(FileDescriptor(path, O_RDONLY).size(path));
  return size;
}

}  // namespace io::detail

/// Calls f(block, number of the file) for every block of every file, in order, and reports the bytes read. Returns the
/// fingerprint of the files.
/// @throws as TextStream; a missing file is reported before any file is read
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

/// Returns the fingerprint of the files as for_each_block returns it. It depends on every byte and on where each file
/// ends. Reads at the speed of the disk, or at several GB/s from memory. @throws IoError
inline std::uint64_t fingerprint_of(const std::vector<std::filesystem::path>& files, const Progress& progress = {}) {
  const index_t total = io::detail::total_size(files);
  index_t done = 0;
  const auto on_read = [&](index_t bytes) {
    done += bytes;
    if (progress) progress(done, total);
  };
  Fingerprint all;
  for (const std::filesystem::path& path : files) all.add(file_fingerprint(path, on_read).value());
  return all.value();
}

/// Returns the fingerprint of texts in memory, equal to the fingerprint of files with these contents.
inline std::uint64_t fingerprint_of(std::span<const std::string_view> texts, const Progress& /*progress*/ = {}) {
  Fingerprint all;
  for (const std::string_view text : texts) all.add(Fingerprint().add(text).value());
  return all.value();
}

/// Does the same for texts in memory. The fingerprint equals the fingerprint of plain files with these contents.
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
