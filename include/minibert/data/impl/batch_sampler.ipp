// Definitions of data/batch_sampler.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/data/batch_sampler.hpp>

namespace minibert {

MINIBERT_INLINE BatchSampler BatchSampler::by_examples(Sampler sampler, index_t num_examples, index_t batch_size) {
  return {std::move(sampler), sequential_sampler(), num_chunks(num_examples, batch_size),
          [=](index_t i) { return std::min(i * batch_size, num_examples); }};
}

MINIBERT_INLINE BatchSampler BatchSampler::by_tokens(Sampler sampler, const ExampleLengths& lengths, index_t max_tokens,
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

MINIBERT_INLINE void BatchSampler::append_batch(index_t epoch, index_t number, std::vector<index_t>& examples) const {
  const index_t i = batch_order_(epoch, number);
  for (index_t place = bound_(i); place < bound_(i + 1); ++place) examples.push_back(example_order_(epoch, place));
}

MINIBERT_INLINE BatchSampler::BatchSampler(Sampler example_order, Sampler batch_order, index_t num_batches,
                                           std::function<index_t(index_t)> bound)
    : example_order_(std::move(example_order)),
      batch_order_(std::move(batch_order)),
      num_batches_(num_batches),
      bound_(std::move(bound)) {}

}  // namespace minibert
