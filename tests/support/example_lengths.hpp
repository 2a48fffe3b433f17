// Converts lengths and orders between arrays and functions, for the tests of samplers.
#pragma once

#include <utility>
#include <vector>

#include <minibert/data/sampler.hpp>

namespace minibert::testing {

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
