// BatchSampler: groups examples into batches, by count or by token budget.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>

namespace minibert {

/// Groups an epoch's examples into batches, the same number in every epoch. Batches depend only on the epoch, so there
/// is no state to save.
class BatchSampler {
 public:
  /// Makes batches of batch_size examples, in the sampler's order. The last batch may be smaller.
  static BatchSampler by_examples(Sampler sampler, index_t num_examples, index_t batch_size) {
    return {std::move(sampler), sequential_sampler(), num_chunks(num_examples, batch_size),
            [=](index_t i) { return std::min(i * batch_size, num_examples); }};
  }

  /// Makes batches of at most max_tokens tokens, filled in the order of the sampler's first epoch. Later epochs reuse
  /// the same batches, because otherwise the number of steps would change from epoch to epoch. Their order is drawn
  /// from (seed, epoch); without a seed it stays the same (as in fairseq). Reads all lengths once and stores 8 bytes
  /// per batch.
  /// @throws ValueError if a single example has more than max_tokens tokens
  static BatchSampler by_tokens(Sampler sampler, const ExampleLengths& lengths, index_t max_tokens,
                                std::optional<std::uint64_t> seed) {
    std::vector<index_t> bounds = {0};
    index_t tokens = 0;
    for (index_t place = 0; place < lengths.size; ++place) {
      const index_t example = sampler(0, place), more = lengths.of(example);
      core::check<ValueError>(more <= max_tokens, "max_tokens_per_batch is ", max_tokens, ", expected at least ", more,
                              ", the number of tokens of example ", example);
      if (tokens + more > max_tokens) {
        bounds.push_back(place);
        tokens = 0;
      }
      tokens += more;
    }
    if (lengths.size > 0) bounds.push_back(lengths.size);
    const index_t num_batches = core::length(bounds) - 1;
    return {[sampler = std::move(sampler)](index_t /*epoch*/, index_t place) { return sampler(0, place); },
            seed ? random_sampler(num_batches, *seed, "batch sampler") : sequential_sampler(), num_batches,
            [bounds = std::move(bounds)](index_t i) { return core::at(bounds, i); }};
  }

  /// Returns the number of batches in an epoch.
  index_t num_batches() const noexcept { return num_batches_; }

  /// Appends the examples of batch `number` of an epoch, in order.
  void append_batch(index_t epoch, index_t number, std::vector<index_t>& examples) const {
    const index_t i = batch_order_(epoch, number);
    for (index_t place = bound_(i); place < bound_(i + 1); ++place) examples.push_back(example_order_(epoch, place));
  }

 private:
  BatchSampler(Sampler example_order, Sampler batch_order, index_t num_batches, std::function<index_t(index_t)> bound)
      : example_order_(std::move(example_order)),
        batch_order_(std::move(batch_order)),
        num_batches_(num_batches),
        bound_(std::move(bound)) {}

  Sampler example_order_, batch_order_;
  index_t num_batches_;
  std::function<index_t(index_t)> bound_;  // batch i is places bound_(i) … bound_(i + 1) − 1 of the order
};

}  // namespace minibert
