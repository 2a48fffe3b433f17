// Definitions of io/text_stream.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/detail/decompress.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

MINIBERT_INLINE TextStream::TextStream(std::filesystem::path path, index_t block_size)
    : path_(std::move(path)),
      file_(path_, O_RDONLY),
      file_size_(static_cast<index_t>(file_.size(path_))),
      block_size_(block_size),
      input_(core::usize(kInputSize)) {
  fingerprint_.add(static_cast<std::uint64_t>(file_size_));
  unread_ = read_input();
  decompressor_ = io::detail::make_decompressor(unread_, path_.string());
}

MINIBERT_INLINE TextStream::~TextStream() = default;

MINIBERT_INLINE std::string_view TextStream::next() {
  block_.erase(0, given_);
  given_ = 0;
  while (given_ == 0 && !at_end_) {
    const index_t searched = core::length(block_);  // these bytes contain no newline
    fill(std::max(block_size_, 2 * searched));
    const std::size_t newline = std::string_view(block_).substr(core::usize(searched)).rfind('\n');
    if (newline != block_.npos) given_ = core::usize(searched) + newline + 1;
  }
  if (at_end_) given_ = block_.size();
  return std::string_view(block_).substr(0, given_);
}

MINIBERT_INLINE void TextStream::fill(index_t size) {
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

MINIBERT_INLINE std::string_view TextStream::read_input() {
  const std::string_view part = file_.read(input_, path_);
  bytes_read_ += core::length(part);
  const bool is_last = core::length(part) < core::length(input_);
  core::check<IoError>(bytes_read_ <= file_size_ && (!is_last || bytes_read_ == file_size_), path_.string(),
                       ": changed while it was read; try again when no other program writes to it");
  fingerprint_.add_part(part);
  return part;
}

namespace io::detail {

MINIBERT_INLINE index_t total_size(const std::vector<std::filesystem::path>& files) {
  index_t size = 0;
  for (const std::filesystem::path& path : files)
    size += static_cast<index_t>(FileDescriptor(path, O_RDONLY).size(path));
  return size;
}

}  // namespace io::detail

MINIBERT_INLINE std::uint64_t fingerprint_of(const std::vector<std::filesystem::path>& files,
                                             const Progress& progress) {
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

MINIBERT_INLINE std::uint64_t fingerprint_of(std::span<const std::string_view> texts, const Progress& /*progress*/) {
  Fingerprint all;
  for (const std::string_view text : texts) all.add(Fingerprint().add(text).value());
  return all.value();
}

}  // namespace minibert
