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

/// The version of the orders. Increase it if a seed gives another order than before: then runs of the older version are
/// not resumed.
inline constexpr index_t kDataOrder = 2;

/// Returns the example that an epoch visits at a place. All three count from 0.
using Sampler = std::function<index_t(index_t epoch, index_t place)>;

/// The lengths of examples, in tokens. A function returns them, so they can be stored anywhere.
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

/// Returns the strategy of this name. @throws ValueError if there is no such strategy
SamplingStrategy sampling_strategy(std::string_view name);

/// Visits every example once per epoch, in a different random order each time. Samplers with the same seed but
/// different sites have independent orders.
Sampler random_sampler(index_t num_examples, std::uint64_t seed, std::string_view site = "sampler");

/// Visits the examples in the order of the dataset.
Sampler sequential_sampler();

/// A sampler that groups examples of similar length, like transformers' get_length_grouped_indices:
/// 1. Cuts another order into pieces of 50 batches, or of fewer batches if that would give less than four pieces.
/// 2. Sorts each piece, longest example first.
/// 3. Swaps the longest example of all with the first one. So a run that needs too much memory fails in its first step.
///    If several examples are the longest, transformers may swap another one of them.
class GroupByLength {
 public:
  /// place_of(epoch, example) is the inverse of `order`.
  GroupByLength(Sampler order, Sampler place_of, ExampleLengths lengths, index_t batch_size);

  index_t operator()(index_t epoch, index_t place);

 private:
  void begin_epoch(index_t epoch);

  /// Sorts a piece of the order into examples_.
  void sort_piece(index_t piece);

  Sampler order_, place_of_;
  ExampleLengths lengths_;
  index_t piece_size_, longest_ = 0;
  // In epoch_: the example at place 0, the example that it was swapped with, and the place of that one.
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
