// Definitions of data/token_store.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/error.hpp>
#include <minibert/data/token_store.hpp>

namespace minibert {

MINIBERT_INLINE TokenStore::TokenStore(std::string bytes) : memory_(std::move(bytes)), bytes_(memory_) {
  open("a token store", {}, {});
}

MINIBERT_INLINE TokenStore::TokenStore(const std::filesystem::path& path, std::uint64_t key, const Progress& progress)
    : file_(path), bytes_(file_->view()) {
  open(path.string(), key, progress);
}

MINIBERT_INLINE std::vector<index_t> TokenStore::lines_of_texts() const {
  std::vector<index_t> lines;
  for (std::uint64_t i = 0; i < footer_.num_texts; ++i)
    lines.push_back(load<index_t>(footer_.index_position + 8 * (num_segments() + i)));
  return lines;
}

MINIBERT_INLINE void TokenStore::append_ids(index_t i, std::vector<token_id>& ids) const {
  const Segment segment = segment_of(i);
  const index_t place = i % data_detail::kExamplesPerSegment, group = place / data_detail::kExamplesPerGroup;
  index_t before = 0;
  for (index_t k = group * data_detail::kExamplesPerGroup; k < place; ++k) before += length_at(segment, k);
  const std::uint64_t position =
      load<std::uint64_t>(segment.positions + 8 * core::usize(group)) + footer_.bytes_per_id * core::usize(before);
  const index_t count = length_at(segment, place), begin = core::length(ids);
  ids.resize(core::usize(begin + count));
  for (index_t k = 0; k < count; ++k)
    core::at(ids, begin + k) = static_cast<token_id>(load_small(position, k, footer_.bytes_per_id));
  if (file_) count_mapped(static_cast<index_t>(position));
}

MINIBERT_INLINE void TokenStore::open(const std::string& source, std::optional<std::uint64_t> key,
                                      const Progress& progress) {
  core::check<FormatError>(bytes_.size() >= sizeof(Footer) && bytes_.size() % 8 == 0, source, ": has ", bytes_.size(),
                           " bytes, expected a multiple of 8, at least ", sizeof(Footer),
                           ": truncated, or not a token store");
  const std::uint64_t end = bytes_.size() - sizeof(Footer);
  footer_ = load<Footer>(end);
  core::check<FormatError>(footer_.magic == Footer::kMagic, source,
                           ": does not end with the footer of a token store: truncated, or another kind of file");
  core::check<FormatError>(footer_.version == Footer::kVersion, source, ": has format version ", footer_.version,
                           ", expected ", Footer::kVersion);
  check_fingerprint(footer_.computed_fingerprint(), footer_.fingerprint, source, "the footer");
  core::check<FormatError>(!key || footer_.key == *key, source,
                           ": was made from another text, tokenizer or settings: its key is ",
                           Fingerprint::to_hex(footer_.key), ", expected ", Fingerprint::to_hex(key.value_or(0)));
  core::check<FormatError>(footer_.num_examples <= end && footer_.num_texts <= end, source, ": its footer counts ",
                           footer_.num_examples, " examples and ", footer_.num_texts, " texts, expected at most ", end,
                           ", the number of bytes before it");
  const std::uint64_t index_size = 8 * (num_segments() + footer_.num_texts);
  core::check<FormatError>(footer_.index_position <= end && end - footer_.index_position == index_size, source,
                           ": its index of ", index_size, " bytes begins at byte ", footer_.index_position,
                           ", expected to end at the footer, byte ", end);
  check_fingerprint(fingerprint_of_contents(end, progress), footer_.contents, source, "the part before the footer");
}

MINIBERT_INLINE void TokenStore::check_fingerprint(std::uint64_t found, std::uint64_t expected,
                                                   const std::string& source, std::string_view part) {
  core::check<FormatError>(found == expected, source, ": ", part, " is damaged: its fingerprint is ",
                           Fingerprint::to_hex(found), ", expected ", Fingerprint::to_hex(expected));
}

MINIBERT_INLINE std::uint64_t TokenStore::fingerprint_of_contents(std::uint64_t end, const Progress& progress) const {
  constexpr std::uint64_t kPart = 16 << 20;
  Fingerprint fingerprint;
  for (std::uint64_t begin = 0; begin < end; begin += kPart) {
    fingerprint.add_part(bytes_.substr(begin, std::min(kPart, end - begin)));
    if (file_) file_->release();
    if (progress) progress(static_cast<index_t>(std::min(begin + kPart, end)), static_cast<index_t>(end));
  }
  return fingerprint.value();
}

MINIBERT_INLINE void TokenStore::count_mapped(index_t position) const noexcept {
  constexpr index_t kMappedByRead = 64 << 10, kMaxMapped = 32 << 20;
  const index_t step = position - last_read_.exchange(position, std::memory_order_relaxed);
  const index_t added = step >= 0 && step < kMappedByRead ? step : 2 * kMappedByRead;
  if (mapped_.fetch_add(added, std::memory_order_relaxed) + added < kMaxMapped) return;
  mapped_.store(0, std::memory_order_relaxed);
  file_->release();
}

MINIBERT_INLINE TokenStore::Segment TokenStore::segment_of(index_t i) const noexcept {
  const index_t number = i / data_detail::kExamplesPerSegment;
  const index_t count = std::min(size() - number * data_detail::kExamplesPerSegment, data_detail::kExamplesPerSegment);
  const auto positions = load<std::uint64_t>(footer_.index_position + 8 * core::usize(number));
  return {positions, positions + 8 * core::usize(core::ceil_div(count, data_detail::kExamplesPerGroup))};
}

}  // namespace minibert
