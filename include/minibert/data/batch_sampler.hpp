// BatchSampler: groups examples into batches, by count or by token budget.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>

namespace minibert {

/// Groups the examples of an epoch into batches. Every epoch has the same number of batches. The batches depend only on
/// the epoch, so there is no state to save.
class BatchSampler {
 public:
  /// Makes batches of batch_size examples, in the sampler's order. The last batch may be smaller.
  static BatchSampler by_examples(Sampler sampler, index_t num_examples, index_t batch_size);

  /// Makes batches of at most max_tokens tokens. Fills them in the order of the sampler's first epoch. Later epochs
  /// reuse the same batches, because otherwise the number of steps would change from epoch to epoch. The order
  /// of the batches is drawn from (seed, epoch). Without a seed, all epochs have the same order (as in fairseq). Reads
  /// all lengths once and stores 8 bytes per batch.
  /// @throws ValueError if a single example has more than max_tokens tokens
  static BatchSampler by_tokens(Sampler sampler, const ExampleLengths& lengths, index_t max_tokens,
                                std::optional<std::uint64_t> seed);

  /// Returns the number of batches in an epoch.
  index_t num_batches() const noexcept { return num_batches_; }

  /// Appends the indices of the examples in batch `number` of an epoch, in order. Epochs and batches count from 0.
  void append_batch(index_t epoch, index_t number, std::vector<index_t>& examples) const;

 private:
  BatchSampler(Sampler example_order, Sampler batch_order, index_t num_batches, std::function<index_t(index_t)> bound);

  Sampler example_order_, batch_order_;
  index_t num_batches_;
  // Batch i, before batch_order_ reorders the batches, has the examples at places bound_(i) … bound_(i + 1) − 1 of
  // example_order_.
  std::function<index_t(index_t)> bound_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/batch_sampler.ipp>
#endif
