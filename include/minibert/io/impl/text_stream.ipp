// Definitions of io/text_stream.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/detail/decompress.hpp>
#include <minibert/io/detail/text_column.hpp>
#include <minibert/io/detail/text_signature.hpp>
#include <minibert/io/detail/utf8_lines.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

namespace io::detail {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Returns true if lines end at \r in a text with this beginning.
MINIBERT_INLINE bool ends_lines_with_cr(std::string_view beginning) {
  return beginning.find('\n') == beginning.npos && beginning.find('\r') != beginning.npos;
}

}  // namespace io::detail

MINIBERT_INLINE TextStream::TextStream(std::filesystem::path path, TextOptions options, index_t block_size)
    : path_(std::move(path)),
      options_(std::move(options)),
      file_(path_, O_RDONLY),
      file_size_(static_cast<index_t>(file_.size(path_))),
      block_size_(block_size),
      input_(core::usize(kInputSize)) {
  fingerprint_.add(static_cast<std::uint64_t>(file_size_));
  unread_ = read_input();
  decompressor_ = io::detail::make_decompressor(unread_, path_.string());
  column_ = io::detail::make_text_column(path_, options_);
}

MINIBERT_INLINE TextStream::~TextStream() = default;

MINIBERT_INLINE std::string_view TextStream::next() {
  for (std::string_view lines; !(lines = next_lines()).empty();) {
    utf8_lines_->add(lines);
    const std::string_view texts = column_ ? column_->next(lines) : lines;
    if (!texts.empty()) return texts;
  }
  if (!std::exchange(is_finished_, true)) {
    utf8_lines_->finish(options_);
    if (column_) column_->finish();
  }
  return {};
}

MINIBERT_INLINE std::string_view TextStream::next_lines() {
  block_.erase(0, given_);
  given_ = 0;
  while (given_ == 0 && !at_end_) {
    const index_t searched = core::length(block_);  // no line ends in these bytes
    fill(std::max(block_size_, 2 * searched));
    if (const std::size_t end = find_last_line_end(searched); end != block_.npos) given_ = end + 1;
  }
  if (at_end_) given_ = block_.size();
  return std::string_view(block_).substr(0, given_);
}

MINIBERT_INLINE std::size_t TextStream::find_last_line_end(index_t searched) {
  const std::size_t begin = core::usize(searched);
  const std::size_t end = std::string_view(block_).substr(begin).rfind('\n');
  if (end != block_.npos) {
    if (line_end_ == LineEnd::unknown) line_end_ = LineEnd::line_feed;
    return begin + end;
  }
  if (line_end_ != LineEnd::unknown || (!at_end_ && core::length(block_) < kBlockSize)) return block_.npos;
  // Leaves out the last byte: it may be the \r of \r\n.
  const std::string_view beginning = std::string_view(block_).substr(0, block_.size() - (at_end_ ? 0 : 1));
  const bool ends_with_cr = io::detail::ends_lines_with_cr(beginning);
  line_end_ = ends_with_cr ? LineEnd::carriage_return : LineEnd::line_feed;
  if (ends_with_cr) std::replace(block_.begin(), block_.end(), '\r', '\n');
  return block_.rfind('\n');
}

MINIBERT_INLINE void TextStream::fill(index_t size) {
  const bool is_first = utf8_lines_ == nullptr;
  if (is_first) size = std::max(size, core::length(io::detail::kByteOrderMark));
  const index_t begin = core::length(block_);
  index_t filled = begin;
  block_.resize(core::usize(size));
  while (filled < size && !at_end_) {
    if (unread_.empty()) unread_ = read_input();
    const index_t count = decompressor_->run(unread_, std::span(block_).subspan(core::usize(filled)));
    filled += count;
    at_end_ = count == 0 && unread_.empty() && bytes_read_ == file_size_;
  }
  block_.resize(core::usize(filled));
  if (at_end_) decompressor_->finish();
  if (is_first) begin_text();
  if (line_end_ == LineEnd::carriage_return) std::replace(block_.begin() + begin, block_.end(), '\r', '\n');
}

MINIBERT_INLINE void TextStream::begin_text() {
  io::detail::check_is_text(block_, path_.string());
  const std::size_t mark = block_.starts_with(io::detail::kByteOrderMark) ? io::detail::kByteOrderMark.size() : 0;
  block_.erase(0, mark);
  utf8_lines_ = std::make_unique<io::detail::Utf8Lines>(path_.string(), static_cast<index_t>(mark));
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

MINIBERT_INLINE TextInMemory::TextInMemory(std::string_view text, std::string source) : rest_(text) {
  check_is_text(text, source);
  const std::size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  rest_.remove_prefix(mark);
  utf8_lines_ = std::make_unique<Utf8Lines>(std::move(source), static_cast<index_t>(mark));
  if (!ends_lines_with_cr(rest_.substr(0, core::usize(TextStream::kBlockSize)))) return;
  copy_ = rest_;
  std::replace(copy_.begin(), copy_.end(), '\r', '\n');
  rest_ = copy_;
}

MINIBERT_INLINE TextInMemory::~TextInMemory() = default;

MINIBERT_INLINE std::string_view TextInMemory::next(const TextOptions& options) {
  const std::string_view block = rest_.substr(0, core::usize(line_start(rest_, TextStream::kBlockSize)));
  rest_.remove_prefix(block.size());
  if (block.empty())
    utf8_lines_->finish(options);
  else
    utf8_lines_->add(block);
  return block;
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
