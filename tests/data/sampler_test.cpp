#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <minibert/data/sampler.hpp>

#include "support/example_lengths.hpp"

namespace {

using namespace minibert;
using namespace minibert::testing;

std::vector<index_t> sorted(std::vector<index_t> order) {
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<index_t> in_text_order(index_t n) { return order_of(sequential_sampler(), n, 0); }

TEST_CASE("an epoch is a permutation that depends on seed, epoch and site only") {
  const auto order_with = [](std::uint64_t seed, index_t epoch, auto... site) {
    return order_of(random_sampler(1000, seed, site...), 1000, epoch);
  };
  const std::vector<index_t> order = order_with(7, 3);
  CHECK(sorted(order) == in_text_order(1000));
  CHECK(order != sorted(order));
  CHECK(order == order_with(7, 3));
  CHECK(order != order_with(7, 4));
  CHECK(order != order_with(8, 3));
  CHECK(order != order_with(7, 3, "another"));
  CHECK(order_of(random_sampler(1, 1), 1, 0) == std::vector<index_t>{0});
}

/// Returns an order grouped by length.
std::vector<index_t> grouped(const std::vector<index_t>& order, const std::vector<index_t>& lengths, index_t batch) {
  const auto place_of = [&](index_t, index_t example) {
    return static_cast<index_t>(std::find(order.begin(), order.end(), example) - order.begin());
  };
  return order_of(GroupByLength([&](index_t, index_t place) { return core::at(order, place); }, place_of,
                                lengths_in(lengths), batch),
                  core::length(order), 0);
}

TEST_CASE("group_by_length gives the order of transformers' get_length_grouped_indices") {
  std::vector<index_t> order, lengths;
  for (index_t i = 0; i < 17; ++i) {
    order.push_back((5 * i + 3) % 17);
    lengths.push_back((7 * i * i + 2) % 11 + 1);
  }
  // The results of transformers 5.23 for this order and these lengths.
  CHECK(grouped(order, lengths, 2) == std::vector<index_t>{3, 8, 1, 13, 4, 11, 6, 16, 14, 9, 2, 7, 12, 10, 0, 5, 15});
  CHECK(grouped(order, lengths, 5) == std::vector<index_t>{3, 8, 1, 13, 6, 14, 9, 4, 11, 16, 12, 2, 7, 0, 5, 10, 15});
  CHECK(grouped(order, lengths, 20) == std::vector<index_t>{3, 8, 14, 1, 12, 10, 13, 9, 2, 4, 7, 15, 11, 0, 6, 16, 5});
}

TEST_CASE("group_by_length sorts pieces of at most 50 batches and puts the longest example first") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 5000; ++i) lengths.push_back(3 + i * i % 251);
  lengths[4321] = 300;
  const std::vector<index_t> order =
      order_of(make_sampler(SamplingStrategy::group_by_length, lengths_in(lengths), 8, 7), 5000, 1);
  CHECK(sorted(order) == in_text_order(5000));
  CHECK(order.front() == 4321);
  index_t descents = 0, out_of_order = 0;
  for (index_t i = 1; i < 5000; ++i) {
    const index_t step = core::at(lengths, core::at(order, i)) - core::at(lengths, core::at(order, i - 1));
    out_of_order += step > 0;
    descents += step < 0;
  }
  CHECK(out_of_order <= 5000 / (50 * 8) + 1);  // where a piece begins, and at the swapped example
  CHECK(out_of_order >= 5000 / (50 * 8));
  CHECK(descents > 1000);
}

TEST_CASE("group_by_length gives the same order if places and epochs are requested in any order") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 500; ++i) lengths.push_back(3 + i * i % 51);
  Sampler sampler = make_sampler(SamplingStrategy::group_by_length, lengths_in(lengths), 8, 7);
  const std::vector<index_t> forward = order_of(sampler, 500, 2);
  for (index_t k = 0; k < 500; ++k) {
    const index_t place = 499 * 7 * k % 500, other = sampler(k % 3, 250);
    CHECK(sampler(2, place) == core::at(forward, place));
    CHECK(sampler(k % 3, 250) == other);
  }
}

TEST_CASE("strategies have names; an unknown name is refused") {
  const std::vector<index_t> lengths = {3, 9, 5, 7};
  const auto order = [&](const char* name) {
    return order_of(make_sampler(sampling_strategy(name), lengths_in(lengths), 1, 7), 4, 2);
  };
  CHECK(order("random") == order_of(random_sampler(4, 7), 4, 2));
  CHECK(order("sequential") == std::vector<index_t>{0, 1, 2, 3});
  CHECK(order("group_by_length") == grouped(order_of(random_sampler(4, 7), 4, 2), lengths, 1));
  CHECK(to_string(SamplingStrategy::group_by_length) == "group_by_length");
  CHECK_THROWS_WITH_AS(sampling_strategy("batch_rebalance"),
                       "train_sampling_strategy is \"batch_rebalance\", expected random, sequential or group_by_length",
                       ValueError);
}

}  // namespace
