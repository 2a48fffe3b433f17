#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include <minibert/data/sampler.hpp>

namespace {

using minibert::index_t;
using minibert::RandomSampler;

TEST_CASE("an epoch is a permutation, fixed by seed and epoch") {
  const std::vector<index_t> order = RandomSampler(1000, 7).order(3);
  std::vector<index_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == minibert::SequentialSampler(1000).order(3));
  CHECK(order != sorted);
  CHECK(order == RandomSampler(1000, 7).order(3));
  CHECK(order != RandomSampler(1000, 7).order(4));
  CHECK(order != RandomSampler(1000, 8).order(3));
}

TEST_CASE("small sets work") {
  CHECK(RandomSampler(0, 1).order(0).empty());
  CHECK(RandomSampler(1, 1).order(0) == std::vector<index_t>{0});
}

TEST_CASE("all orders of three come equally often") {
  std::map<std::vector<index_t>, int> counts;
  for (index_t epoch = 0; epoch < 6000; ++epoch) ++counts[RandomSampler(3, 5).order(epoch)];
  CHECK(counts.size() == 6);
  for (const auto& entry : counts) CHECK(std::abs(entry.second - 1000) < 150);  // five standard deviations
}

}  // namespace
