// The order in which an epoch visits its examples: a function of (seed, epoch), so there is no state to save.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/names.hpp>
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

/// The order in which an epoch visits its examples.
using Sampler = std::function<std::vector<index_t>(index_t epoch)>;

/// Hugging Face's train_sampling_strategy.
enum class SamplingStrategy { random, sequential, group_by_length };

namespace detail {
inline constexpr std::pair<SamplingStrategy, std::string_view> kSamplingStrategyNames[] = {
    {SamplingStrategy::random, "random"},
    {SamplingStrategy::sequential, "sequential"},
    {SamplingStrategy::group_by_length, "group_by_length"}};
}  // namespace detail

constexpr std::string_view to_string(SamplingStrategy strategy) noexcept {
  return name_in(detail::kSamplingStrategyNames, strategy);
}

/// The strategy of that name; ValueError for a name that is none.
inline SamplingStrategy sampling_strategy(std::string_view name) {
  return value_in(detail::kSamplingStrategyNames, name, "train_sampling_strategy");
}

/// Visits every example once an epoch, in another order each time. `site` tells it from others of the same seed.
inline Sampler random_sampler(index_t num_examples, std::uint64_t seed, std::string_view site = "sampler") {
  const random::Key key = random::Key(seed).fold(random::site(site));
  return [=](index_t epoch) { return random_permutation(num_examples, key.fold(epoch)); };
}

/// Visits the examples as they stand.
inline Sampler sequential_sampler(index_t num_examples) {
  return [=](index_t /*epoch*/) {
    std::vector<index_t> order(usize(num_examples));
    std::iota(order.begin(), order.end(), index_t{0});
    return order;
  };
}

/// An order in which neighbours are alike in length, made of a random one as transformers' get_length_grouped_indices
/// makes it: 50 batches at a time (fewer if that makes less than four such pieces) are sorted, longest first, and then
/// the longest example of all changes places with the first, so that a lack of memory shows at once.
inline std::vector<index_t> group_by_length(std::vector<index_t> order, std::span<const index_t> lengths,
                                            index_t batch_size) {
  if (order.empty()) return order;
  const index_t n = length(order);
  const index_t piece = std::clamp(n / (batch_size * 4), index_t{1}, index_t{50}) * batch_size;
  const auto is_longer = [&](index_t a, index_t b) { return at(lengths, a) > at(lengths, b); };
  index_t longest = 0;  // its place
  for (index_t begin = 0; begin < n; begin += piece) {
    std::stable_sort(order.begin() + begin, order.begin() + std::min(begin + piece, n), is_longer);
    if (is_longer(at(order, begin), at(order, longest))) longest = begin;
  }
  std::swap(order.front(), at(order, longest));
  return order;
}

/// The sampler of that strategy for examples of those lengths, of which batch_size make a step.
inline Sampler make_sampler(SamplingStrategy strategy, const std::vector<index_t>& lengths, index_t batch_size,
                            std::uint64_t seed) {
  if (strategy == SamplingStrategy::sequential) return sequential_sampler(length(lengths));
  const Sampler in_random_order = random_sampler(length(lengths), seed);
  if (strategy == SamplingStrategy::random) return in_random_order;
  return [=](index_t epoch) { return group_by_length(in_random_order(epoch), lengths, batch_size); };
}

}  // namespace minibert
