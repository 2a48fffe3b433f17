// Samplers: the order in which an epoch visits the examples. An order is a function of (seed, epoch, place), so there
// is no state to save, and no array as long as the dataset.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/names.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// Version of the orders that the samplers make. Increase it if a seed gives another order than before. Then a
/// checkpoint of an older version is rejected, because a resumed run would continue in another order.
inline constexpr index_t kDataOrder = 2;

/// Returns the example that an epoch visits at a place. Examples, epochs and places count from 0.
using Sampler = std::function<index_t(index_t epoch, index_t place)>;

/// The lengths of `size` examples, in tokens. of(example) returns a length, so the lengths need not be in an array.
struct ExampleLengths {
  index_t size = 0;
  std::function<index_t(index_t example)> of;
};

/// Hugging Face's train_sampling_strategy.
enum class SamplingStrategy { random, sequential, group_by_length };

namespace data_detail {
inline constexpr std::pair<SamplingStrategy, std::string_view> kSamplingStrategyNames[] = {
    {SamplingStrategy::random, "random"},
    {SamplingStrategy::sequential, "sequential"},
    {SamplingStrategy::group_by_length, "group_by_length"}};
}  // namespace data_detail

constexpr std::string_view to_string(SamplingStrategy strategy) noexcept {
  return core::name_in(data_detail::kSamplingStrategyNames, strategy);
}

/// Returns the strategy called `name`. @throws ValueError if there is no such strategy
SamplingStrategy sampling_strategy(std::string_view name);

/// Returns a sampler that visits every example once per epoch, in another random order each time. `site` names the use
/// of the order: with the same seed, different sites have independent orders.
Sampler random_sampler(index_t num_examples, std::uint64_t seed, std::string_view site = "sampler");

/// Returns a sampler that visits the examples in the order of the dataset.
Sampler sequential_sampler();

/// A sampler that groups examples of similar length, like transformers' get_length_grouped_indices:
/// 1. Cuts `order` into pieces of 50 batches, or of fewer batches if that would give fewer than four pieces.
/// 2. Sorts each piece, longest example first.
/// 3. Swaps the longest example of all with the first one. So a run that needs too much memory fails in its first step.
///    If several examples have the greatest length, transformers may swap another one of them.
class GroupByLength {
 public:
  /// place_of(epoch, example) must return the place of an example in `order`. batch_size: examples per optimizer step.
  GroupByLength(Sampler order, Sampler place_of, ExampleLengths lengths, index_t batch_size);

  index_t operator()(index_t epoch, index_t place);

 private:
  void begin_epoch(index_t epoch);

  /// Sorts the examples of a piece of the order into examples_. `piece` counts from 0.
  void sort_piece(index_t piece);

  Sampler order_, place_of_;
  ExampleLengths lengths_;
  index_t piece_size_, longest_ = 0;
  // In epoch_: first_ is the longest example, now at place 0. displaced_ is the example that was there before, now at
  // place_of_first_.
  index_t epoch_ = -1, first_ = 0, displaced_ = 0, place_of_first_ = 0;
  index_t piece_ = -1;
  std::vector<index_t> examples_;  // the sorted examples of piece_
};

/// Returns the sampler of a strategy. batch_size: examples per optimizer step.
Sampler make_sampler(SamplingStrategy strategy, const ExampleLengths& lengths, index_t batch_size, std::uint64_t seed);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/sampler.ipp>
#endif
