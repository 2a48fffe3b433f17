// The order in which an epoch visits its examples: a function of (seed, epoch), so there is no state to save.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// 0 … n − 1 in a random order named by the key (Fisher and Yates).
inline std::vector<index_t> random_permutation(index_t n, random::Key key) {
  std::vector<index_t> order(usize(n));
  std::iota(order.begin(), order.end(), index_t{0});
  for (index_t i = n - 1; i > 0; --i) {
    const auto counter = static_cast<std::uint64_t>(i);
    const index_t j = key.below(i + 1, static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32));
    std::swap(at(order, i), at(order, j));
  }
  return order;
}

/// Visits every example once an epoch, in another order each time.
class RandomSampler {
 public:
  RandomSampler(index_t num_examples, std::uint64_t seed) : num_examples_(num_examples), seed_(seed) {}

  std::vector<index_t> order(index_t epoch) const {
    return random_permutation(num_examples_, random::Key(seed_).fold(random::site("sampler")).fold(epoch));
  }

 private:
  index_t num_examples_;
  std::uint64_t seed_;
};

/// Visits the examples as they stand.
class SequentialSampler {
 public:
  explicit SequentialSampler(index_t num_examples) : num_examples_(num_examples) {}

  std::vector<index_t> order(index_t /*epoch*/) const {
    std::vector<index_t> order(usize(num_examples_));
    std::iota(order.begin(), order.end(), index_t{0});
    return order;
  }

 private:
  index_t num_examples_;
};

}  // namespace minibert
