// Lengths and orders as arrays, for the tests of what takes them as functions.
#pragma once

#include <utility>
#include <vector>

#include <minibert/data/sampler.hpp>

namespace minibert::testing {

inline ExampleLengths lengths_in(std::vector<index_t> lengths) {
  const index_t size = core::length(lengths);
  return {size, [lengths = std::move(lengths)](index_t i) { return core::at(lengths, i); }};
}

/// The order of an epoch of n examples.
inline std::vector<index_t> order_of(Sampler sampler, index_t n, index_t epoch) {
  std::vector<index_t> order;
  for (index_t place = 0; place < n; ++place) order.push_back(sampler(epoch, place));
  return order;
}

}  // namespace minibert::testing
