// The order in which an epoch visits its examples: a function of (seed, epoch, place), so there is no state to save and
// no array as long as the text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/names.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/permutation.hpp>

namespace minibert {

/// Another number whenever the same seed begins to give another order: a run does not resume under another one.
inline constexpr index_t kDataOrder = 2;

/// The example that an epoch visits at a place, from 0.
using Sampler = std::function<index_t(index_t epoch, index_t place)>;

/// The lengths of examples, in tokens, wherever they are kept.
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

/// The strategy of that name; ValueError for a name that is none.
inline SamplingStrategy sampling_strategy(std::string_view name) {
  return core::value_in(data_detail::kSamplingStrategyNames, name, "train_sampling_strategy");
}

/// Visits every example once an epoch, in another order each time. `site` tells it from others of the same seed.
inline Sampler random_sampler(index_t num_examples, std::uint64_t seed, std::string_view site = "sampler") {
  const random::Key key = random::Key(seed).fold(random::site(site));
  return [=](index_t epoch, index_t place) { return RandomPermutation(num_examples, key.fold(epoch))(place); };
}

/// Visits the examples as they stand.
inline Sampler sequential_sampler() {
  return [](index_t /*epoch*/, index_t place) { return place; };
}

/// An order in which neighbours are alike in length, made of another one as transformers' get_length_grouped_indices
/// makes it: 50 batches at a time (fewer if that makes less than four such pieces) are sorted, longest first, and then
/// the longest example of all changes places with the first, so that a lack of memory shows at once. (Of several that
/// are equally long transformers takes the first in the order, we the first in the text.)
class GroupByLength {
 public:
  /// `place_of(epoch, example)` undoes `order`.
  GroupByLength(Sampler order, Sampler place_of, ExampleLengths lengths, index_t batch_size)
      : order_(std::move(order)),
        place_of_(std::move(place_of)),
        lengths_(std::move(lengths)),
        piece_size_(std::clamp(lengths_.size / (batch_size * 4), index_t{1}, index_t{50}) * batch_size) {
    for (index_t i = 1; i < lengths_.size; ++i)
      if (lengths_.of(i) > lengths_.of(longest_)) longest_ = i;
  }

  index_t operator()(index_t epoch, index_t place) {
    if (epoch != epoch_) begin(epoch);
    if (place == 0) return first_;
    if (place == place_of_first_) return displaced_;
    sort_piece(place / piece_size_);
    return core::at(examples_, place % piece_size_);
  }

 private:
  void begin(index_t epoch) {
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

  /// Makes examples_ that piece of the order, sorted.
  void sort_piece(index_t piece) {
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

  Sampler order_, place_of_;
  ExampleLengths lengths_;
  index_t piece_size_, longest_ = 0;
  // Of epoch_: what comes first, what it changed places with, and where.
  index_t epoch_ = -1, first_ = 0, displaced_ = 0, place_of_first_ = 0;
  index_t piece_ = -1;
  std::vector<index_t> examples_;  // of piece_
};

/// The sampler of that strategy for examples of those lengths, of which batch_size make a step.
inline Sampler make_sampler(SamplingStrategy strategy, const ExampleLengths& lengths, index_t batch_size,
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
