// Example lengths from a vector, and the order of a sampler as a vector, for the tests of samplers.
#pragma once

#include <utility>
#include <vector>

#include <minibert/data/sampler.hpp>

namespace minibert::testing {

/// Returns lengths that are looked up in a vector.
inline ExampleLengths lengths_in(std::vector<index_t> lengths) {
  const index_t size = core::length(lengths);
  return {size, [lengths = std::move(lengths)](index_t i) { return core::at(lengths, i); }};
}

/// Returns the order in which an epoch visits n examples.
inline std::vector<index_t> order_of(Sampler sampler, index_t n, index_t epoch) {
  std::vector<index_t> order;
  for (index_t place = 0; place < n; ++place) order.push_back(sampler(epoch, place));
  return order;
}

}  // namespace minibert::testing
