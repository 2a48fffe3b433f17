// Definitions of data/sampler.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/data/permutation.hpp>
#include <minibert/data/sampler.hpp>

namespace minibert {

MINIBERT_INLINE SamplingStrategy sampling_strategy(std::string_view name) {
  return core::value_in(data_detail::kSamplingStrategyNames, name, "train_sampling_strategy");
}

MINIBERT_INLINE Sampler random_sampler(index_t num_examples, std::uint64_t seed, std::string_view site) {
  const random::Key key = random::Key(seed).fold(random::site(site));
  return [=](index_t epoch, index_t place) { return RandomPermutation(num_examples, key.fold(epoch))(place); };
}

MINIBERT_INLINE Sampler sequential_sampler() {
  return [](index_t /*epoch*/, index_t place) { return place; };
}

MINIBERT_INLINE GroupByLength::GroupByLength(Sampler order, Sampler place_of, ExampleLengths lengths,
                                             index_t batch_size)
    : order_(std::move(order)),
      place_of_(std::move(place_of)),
      lengths_(std::move(lengths)),
      piece_size_(std::clamp(lengths_.size / (batch_size * 4), index_t{1}, index_t{50}) * batch_size) {
  for (index_t i = 1; i < lengths_.size; ++i)
    if (lengths_.of(i) > lengths_.of(longest_)) longest_ = i;
}

MINIBERT_INLINE index_t GroupByLength::operator()(index_t epoch, index_t place) {
  if (epoch != epoch_) begin_epoch(epoch);
  if (place == 0) return first_;
  if (place == place_of_first_) return displaced_;
  sort_piece(place / piece_size_);
  return core::at(examples_, place % piece_size_);
}

MINIBERT_INLINE void GroupByLength::begin_epoch(index_t epoch) {
  epoch_ = epoch;
  piece_ = -1;
  place_of_first_ = 0;
  sort_piece(0);
  first_ = displaced_ = examples_.front();
  if (lengths_.of(first_) == lengths_.of(longest_)) return;
  const index_t piece = place_of_(epoch, longest_) / piece_size_;
  place_of_first_ = piece * piece_size_;
  sort_piece(piece);
  first_ = examples_.front();
}

MINIBERT_INLINE void GroupByLength::sort_piece(index_t piece) {
  if (piece == piece_) return;
  piece_ = piece;
  const index_t begin = piece * piece_size_, end = std::min(begin + piece_size_, lengths_.size);
  std::vector<std::pair<index_t, index_t>> sorted;  // length, example
  for (index_t place = begin; place < end; ++place) {
    const index_t example = order_(epoch_, place);
    sorted.emplace_back(lengths_.of(example), example);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  examples_.clear();
  for (const auto& entry : sorted) examples_.push_back(entry.second);
}

MINIBERT_INLINE Sampler make_sampler(SamplingStrategy strategy, const ExampleLengths& lengths, index_t batch_size,
                                     std::uint64_t seed) {
  if (strategy == SamplingStrategy::sequential) return sequential_sampler();
  const Sampler order = random_sampler(lengths.size, seed);
  if (strategy == SamplingStrategy::random) return order;
  const random::Key key = random::Key(seed).fold(random::site("sampler"));
  const index_t n = lengths.size;
  const auto place_of = [=](index_t epoch, index_t example) {
    return RandomPermutation(n, key.fold(epoch)).place_of(example);
  };
  return GroupByLength(order, place_of, lengths, batch_size);
}

}  // namespace minibert
