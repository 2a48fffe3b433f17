// Functions on lists of encodings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/encoding.hpp>

namespace minibert::tokenizers::detail {

/// Returns n empty encodings. Before it creates them, all threads together write to every page of the memory for the
/// encodings. The first write to a page causes a page fault. Page faults take several times as long as filling the
/// memory, so the threads share them.
inline std::vector<Encoding> empty_encodings(index_t n) {
  constexpr index_t kPage = 4096;
  std::vector<Encoding> encodings;
  encodings.reserve(core::usize(n));
  auto* const bytes = reinterpret_cast<std::byte*>(encodings.data());
  const index_t size = n * static_cast<index_t>(sizeof(Encoding));
  parallel_for(num_chunks(size, kPage), 64, [&](index_t begin, index_t end) {
    for (index_t page = begin; page < end; ++page) bytes[page * kPage] = std::byte{};
  });
  encodings.resize(core::usize(n));
  return encodings;
}

/// Returns a batch in which each encoding is followed by its overflowing encodings.
inline BatchEncoding flatten_overflow(std::vector<Encoding> encodings) {
  BatchEncoding batch;
  const auto has_overflow = [](const Encoding& encoding) { return !encoding.overflowing.empty(); };
  if (std::none_of(encodings.begin(), encodings.end(), has_overflow)) {
    batch.overflow_to_sample_mapping.resize(encodings.size());
    std::iota(batch.overflow_to_sample_mapping.begin(), batch.overflow_to_sample_mapping.end(), index_t{0});
    batch.encodings = std::move(encodings);
    return batch;
  }
  const auto add = [&](Encoding&& encoding, index_t sample) {
    batch.encodings.push_back(std::move(encoding));
    batch.overflow_to_sample_mapping.push_back(sample);
  };
  for (index_t i = 0; i < core::length(encodings); ++i) {
    std::vector<Encoding> overflowing = std::exchange(core::at(encodings, i).overflowing, {});
    add(std::move(core::at(encodings, i)), i);
    for (Encoding& part : overflowing) add(std::move(part), i);
  }
  return batch;
}

}  // namespace minibert::tokenizers::detail
