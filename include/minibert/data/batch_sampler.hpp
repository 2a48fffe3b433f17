// Which examples make a batch: so many of them, or as many as hold so many tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>

namespace minibert {

/// Cuts an epoch's examples into batches, the same number in every epoch. All of it is a function of the epoch, so
/// there is no state to save.
class BatchSampler {
 public:
  /// Batches of batch_size examples, in the sampler's order; the last one takes what is left.
  static BatchSampler by_examples(Sampler sampler, index_t num_examples, index_t batch_size) {
    std::vector<index_t> bounds;
    for (index_t begin = 0; begin < num_examples; begin += batch_size) bounds.push_back(begin);
    bounds.push_back(num_examples);
    const index_t num_batches = length(bounds) - 1;
    return {std::move(sampler), sequential_sampler(num_batches), std::move(bounds)};
  }

  /// A batch takes examples in the order of the sampler's first epoch for as long as they hold at most max_tokens in
  /// all. These batches stay together in later epochs, for the number of steps in an epoch would else change from one
  /// to the next; they come in an order drawn from (seed, epoch), or as they stand without a seed (as in fairseq).
  /// ValueError for an example that alone holds more.
  static BatchSampler by_tokens(const Sampler& sampler, std::span<const index_t> lengths, index_t max_tokens,
                                std::optional<std::uint64_t> seed) {
    std::vector<index_t> order = sampler(0), bounds = {0};
    index_t tokens = 0;
    for (index_t i = 0; i < length(order); ++i) {
      const index_t more = at(lengths, at(order, i));
      check<ValueError>(more <= max_tokens, "max_tokens_per_batch is ", max_tokens, ", but example ", at(order, i),
                        " alone has ", more, " tokens");
      if (tokens + more > max_tokens) {
        bounds.push_back(i);
        tokens = 0;
      }
      tokens += more;
    }
    if (!order.empty()) bounds.push_back(length(order));
    const index_t num_batches = length(bounds) - 1;
    return {[order = std::move(order)](index_t /*epoch*/) { return order; },
            seed ? random_sampler(num_batches, *seed, "batch sampler") : sequential_sampler(num_batches),
            std::move(bounds)};
  }

  /// The batches of an epoch.
  index_t num_batches() const noexcept { return length(bounds_) - 1; }

  /// The examples of a batch, in order; valid until another epoch is asked for.
  std::span<const index_t> batch(index_t epoch, index_t number) {
    if (epoch != epoch_) {
      epoch_ = epoch;
      examples_ = example_order_(epoch);
      batches_ = batch_order_(epoch);
    }
    const index_t i = at(batches_, number);
    return std::span(examples_).subspan(usize(at(bounds_, i)), usize(at(bounds_, i + 1) - at(bounds_, i)));
  }

 private:
  BatchSampler(Sampler example_order, Sampler batch_order, std::vector<index_t> bounds)
      : example_order_(std::move(example_order)), batch_order_(std::move(batch_order)), bounds_(std::move(bounds)) {}

  Sampler example_order_, batch_order_;
  std::vector<index_t> bounds_;  // batch i is examples bounds_[i] … bounds_[i + 1] − 1 of the order
  index_t epoch_ = -1;
  std::vector<index_t> examples_, batches_;  // their orders in epoch_
};

}  // namespace minibert
