#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include <minibert/data/sampler.hpp>

namespace {

using namespace minibert;

std::vector<index_t> sorted(std::vector<index_t> order) {
  std::sort(order.begin(), order.end());
  return order;
}

TEST_CASE("an epoch is a permutation, fixed by seed and epoch") {
  const std::vector<index_t> order = random_sampler(1000, 7)(3);
  CHECK(sorted(order) == sequential_sampler(1000)(3));
  CHECK(order != sorted(order));
  CHECK(order == random_sampler(1000, 7)(3));
  CHECK(order != random_sampler(1000, 7)(4));
  CHECK(order != random_sampler(1000, 8)(3));
  CHECK(order != random_sampler(1000, 7, "another")(3));
}

TEST_CASE("small sets work") {
  CHECK(random_sampler(0, 1)(0).empty());
  CHECK(random_sampler(1, 1)(0) == std::vector<index_t>{0});
}

TEST_CASE("all orders of three come equally often") {
  std::map<std::vector<index_t>, int> counts;
  for (index_t epoch = 0; epoch < 6000; ++epoch) ++counts[random_sampler(3, 5)(epoch)];
  CHECK(counts.size() == 6);
  for (const auto& entry : counts) CHECK(std::abs(entry.second - 1000) < 150);  // five standard deviations
}

TEST_CASE("group_by_length is transformers' get_length_grouped_indices") {
  std::vector<index_t> order, lengths;
  for (index_t i = 0; i < 17; ++i) {
    order.push_back((5 * i + 3) % 17);
    lengths.push_back((7 * i * i + 2) % 11 + 1);
  }
  // What transformers 5.23 makes of that random order and those lengths.
  CHECK(group_by_length(order, lengths, 2) ==
        std::vector<index_t>{3, 8, 1, 13, 4, 11, 6, 16, 14, 9, 2, 7, 12, 10, 0, 5, 15});
  CHECK(group_by_length(order, lengths, 5) ==
        std::vector<index_t>{3, 8, 1, 13, 6, 14, 9, 4, 11, 16, 12, 2, 7, 0, 5, 10, 15});
  CHECK(group_by_length(order, lengths, 20) ==
        std::vector<index_t>{3, 8, 14, 1, 12, 10, 13, 9, 2, 4, 7, 15, 11, 0, 6, 16, 5});
  CHECK(group_by_length({}, lengths, 2).empty());
}

TEST_CASE("pieces of at most 50 batches are sorted, and the longest example of all comes first") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 5000; ++i) lengths.push_back(3 + i * i % 251);
  lengths[4321] = 300;
  const std::vector<index_t> order = make_sampler(SamplingStrategy::group_by_length, lengths, 8, 7)(1);
  CHECK(sorted(order) == sequential_sampler(5000)(0));
  CHECK(order.front() == 4321);
  index_t descents = 0, out_of_order = 0;
  for (index_t i = 1; i < 5000; ++i) {
    const index_t step = at(lengths, at(order, i)) - at(lengths, at(order, i - 1));
    out_of_order += step > 0;
    descents += step < 0;
  }
  CHECK(out_of_order <= 5000 / (50 * 8) + 1);  // where a piece begins, and around the example that gave way
  CHECK(out_of_order >= 5000 / (50 * 8));
  CHECK(descents > 1000);
}

TEST_CASE("strategies by name") {
  const std::vector<index_t> lengths = {3, 9, 5, 7};
  const auto order = [&](const char* name) { return make_sampler(sampling_strategy(name), lengths, 1, 7)(2); };
  CHECK(order("random") == random_sampler(4, 7)(2));
  CHECK(order("sequential") == std::vector<index_t>{0, 1, 2, 3});
  CHECK(order("group_by_length") == group_by_length(random_sampler(4, 7)(2), lengths, 1));
  CHECK(to_string(SamplingStrategy::group_by_length) == "group_by_length");
  CHECK_THROWS_WITH_AS(sampling_strategy("batch_rebalance"),
                       "train_sampling_strategy is \"batch_rebalance\", expected random, sequential or group_by_length",
                       ValueError);
}

}  // namespace
