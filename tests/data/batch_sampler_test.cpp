#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include <minibert/data/batch_sampler.hpp>

#include "support/example_lengths.hpp"

namespace {

using namespace minibert;
using namespace minibert::testing;
using Batches = std::vector<std::vector<index_t>>;

Batches batches_of(const BatchSampler& sampler, index_t epoch) {
  Batches batches;
  for (index_t i = 0; i < sampler.num_batches(); ++i) {
    batches.emplace_back();
    sampler.append_batch(epoch, i, batches.back());
  }
  return batches;
}

TEST_CASE("by_examples: batches of a fixed number of examples; the last batch takes the rest") {
  const BatchSampler sampler = BatchSampler::by_examples(random_sampler(10, 7), 10, 4);
  REQUIRE(sampler.num_batches() == 3);
  for (const index_t epoch : {0, 5}) {
    std::vector<index_t> seen;
    for (const auto& batch : batches_of(sampler, epoch)) seen.insert(seen.end(), batch.begin(), batch.end());
    CHECK(seen == order_of(random_sampler(10, 7), 10, epoch));
    CHECK(core::length(batches_of(sampler, epoch).back()) == 2);
  }
  CHECK(BatchSampler::by_examples(random_sampler(8, 7), 8, 4).num_batches() == 2);
  CHECK(BatchSampler::by_examples(random_sampler(0, 7), 0, 4).num_batches() == 0);
}

TEST_CASE("by_tokens: each batch takes as many examples as fit into the token budget") {
  const std::vector<index_t> lengths = {3, 4, 3, 10, 1, 9, 2, 2};
  const BatchSampler sampler = BatchSampler::by_tokens(sequential_sampler(), lengths_in(lengths), 10, std::nullopt);
  CHECK(batches_of(sampler, 0) == Batches{{0, 1, 2}, {3}, {4, 5}, {6, 7}});
  CHECK(batches_of(sampler, 3) == batches_of(sampler, 0));
  const BatchSampler empty = BatchSampler::by_tokens(sequential_sampler(), lengths_in({}), 10, 1);
  CHECK(empty.num_batches() == 0);
  CHECK_THROWS_WITH_AS(BatchSampler::by_tokens(sequential_sampler(), lengths_in(lengths), 9, std::nullopt),
                       "max_tokens_per_batch is 9, expected at least 10, the number of tokens of example 3",
                       ValueError);
}

TEST_CASE("by_tokens: every epoch has the same batches, in an order that depends on seed and epoch") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 300; ++i) lengths.push_back(3 + i % 17);
  const auto make = [&](std::uint64_t seed) {
    return BatchSampler::by_tokens(random_sampler(300, 7), lengths_in(lengths), 50, seed);
  };
  const BatchSampler sampler = make(7), same = make(7), other = make(8);
  const Batches first = batches_of(sampler, 0), third = batches_of(sampler, 2);
  CHECK(first != third);
  CHECK(std::multiset<std::vector<index_t>>(first.begin(), first.end()) ==
        std::multiset<std::vector<index_t>>(third.begin(), third.end()));
  CHECK(batches_of(same, 2) == third);  // independent of earlier calls
  CHECK(batches_of(other, 2) != third);
  std::vector<index_t> seen;
  for (const auto& batch : third) seen.insert(seen.end(), batch.begin(), batch.end());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == order_of(sequential_sampler(), 300, 0));
}

}  // namespace
