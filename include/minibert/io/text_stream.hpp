// A text file as blocks of whole lines, plain or compressed: what is larger than memory is read in a stream.
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

/// Told now and then how far long work has come: `done` of `total`, in a unit of its own.
using Progress = std::function<void(index_t done, index_t total)>;

/// Reads a text file from its beginning to its end, in memory of about two blocks. gzip and zstd are recognised by the
/// first bytes, whatever the file's name; several compressed pieces in one file are one text. Errors name the file:
/// IoError when it cannot be read, is not a regular file or changes meanwhile, FormatError when what is compressed is
/// damaged or cut short, ValueError when the library was built without what decompresses it.
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

  /// The next lines: as many whole ones as a block takes, or a longer one alone; empty at the end of the text. Valid
  /// until the next call.
  std::string_view next() {
    block_.erase(0, given_);
    given_ = 0;
    while (given_ == 0 && !at_end_) {
      const index_t searched = core::length(block_);  // the beginning of a line, and no end
      fill(std::max(block_size_, 2 * searched));
      const std::size_t newline = std::string_view(block_).substr(core::usize(searched)).rfind('\n');
      if (newline != block_.npos) given_ = core::usize(searched) + newline + 1;
    }
    if (at_end_) given_ = block_.size();
    return std::string_view(block_).substr(0, given_);
  }

  /// How many bytes of the file were read so far, and how many it has.
  index_t bytes_read() const noexcept { return bytes_read_; }
  index_t file_size() const noexcept { return file_size_; }

  /// At the end of the text: the fingerprint of the file's bytes, as they are on disk.
  std::uint64_t fingerprint() const noexcept { return fingerprint_.value(); }

 private:
  static constexpr index_t kInputSize = 1 << 20;  // whole words, which the fingerprint wants

  /// Makes the block that long, or shorter where the text ends.
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
                         ": changed while it was read");
    fingerprint_.add_part(part);
    return part;
  }

  std::filesystem::path path_;
  io::FileDescriptor file_;
  index_t file_size_, block_size_, bytes_read_ = 0;
  Fingerprint fingerprint_;
  std::vector<char> input_;
  std::string_view unread_;  // of input_
  std::unique_ptr<io::detail::Decompressor> decompressor_;
  std::string block_;
  std::size_t given_ = 0;  // the lines of block_ that next() returned
  bool at_end_ = false;
};

namespace io::detail {

/// The sizes of the files together. IoError when one is not there or is not a regular file.
inline index_t total_size(const std::vector<std::filesystem::path>& files) {
  index_t size = 0;
  for (const std::filesystem::path& path : files)
    size += static_cast<index_t>(FileDescriptor(path, O_RDONLY).size(path));
  return size;
}

}  // namespace io::detail

/// Calls f(block, the file's number) for every block of every file, in order, and tells of the bytes read. Returns the
/// files' fingerprint. Errors as TextStream's; a file that is not there is found before anything is read.
template <class F>
std::uint64_t for_each_block(const std::vector<std::filesystem::path>& files, const Progress& progress, F&& f) {
  const index_t total = io::detail::total_size(files);
  Fingerprint fingerprint;
  index_t done = 0;  // the files before
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

/// The fingerprint of the files' bytes, as for_each_block returns it: every byte and every end of a file counts. Reads
/// at the speed of the disk, or some GB/s from memory.
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

inline std::uint64_t fingerprint_of(std::span<const std::string_view> texts, const Progress& /*progress*/ = {}) {
  Fingerprint all;
  for (const std::string_view text : texts) all.add(Fingerprint().add(text).value());
  return all.value();
}

/// The same of texts in memory; they have the fingerprint of files that hold them as they are.
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
