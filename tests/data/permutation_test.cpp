#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

#include <minibert/data/permutation.hpp>

namespace {

using namespace minibert;

std::vector<index_t> order_of(index_t n, std::uint64_t seed) {
  const RandomPermutation permutation(n, random::Key(seed));
  std::vector<index_t> order;
  for (index_t place = 0; place < n; ++place) order.push_back(permutation(place));
  return order;
}

TEST_CASE("a permutation contains every number once, and place_of is its inverse") {
  for (const index_t n : {1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 1023, 4097}) {
    const RandomPermutation permutation(n, random::Key(7));
    std::vector<bool> seen(core::usize(n));
    for (index_t place = 0; place < n; ++place) {
      const index_t number = permutation(place);
      REQUIRE((number >= 0 && number < n));
      REQUIRE_FALSE(seen[core::usize(number)]);
      seen[core::usize(number)] = true;
      REQUIRE(permutation.place_of(number) == place);
    }
  }
  const index_t n = (index_t{1} << 40) + 12345;
  const RandomPermutation large(n, random::Key(7));
  for (index_t place = n - 1; place > 0; place /= 3) {
    REQUIRE((large(place) >= 0 && large(place) < n));
    REQUIRE(large.place_of(large(place)) == place);
  }
}

TEST_CASE("all permutations of three and of four numbers are equally frequent") {
  for (const index_t n : {3, 4}) {
    const int orders = n == 3 ? 6 : 24, times = 1000;
    std::map<std::vector<index_t>, int> counts;
    for (int seed = 0; seed < orders * times; ++seed) ++counts[order_of(n, static_cast<std::uint64_t>(seed))];
    CHECK(counts.size() == static_cast<std::size_t>(orders));
    for (const auto& entry : counts) CHECK(std::abs(entry.second - times) < 160);  // five standard deviations
  }
}

TEST_CASE("each number is equally frequent at each place and after each other number") {
  constexpr index_t n = 11;
  constexpr int kTimes = 11000;
  std::map<std::pair<index_t, index_t>, int> placed, followed;
  for (int seed = 0; seed < kTimes; ++seed) {
    const auto order = order_of(n, static_cast<std::uint64_t>(seed));
    for (index_t i = 0; i < n; ++i) ++placed[{i, core::at(order, i)}];
    for (index_t i = 1; i < n; ++i) ++followed[{core::at(order, i - 1), core::at(order, i)}];
  }
  CHECK(placed.size() == n * n);
  for (const auto& entry : placed) CHECK(std::abs(entry.second - kTimes / n) < 160);
  CHECK(followed.size() == n * (n - 1));
  for (const auto& entry : followed) CHECK(std::abs(entry.second - kTimes / n) < 160);
}

TEST_CASE("the key determines the permutation, which has no more fixed points and neighbours than by chance") {
  CHECK(order_of(1000, 1) == order_of(1000, 1));
  CHECK(order_of(1000, 1) != order_of(1000, 2));
  index_t fixed = 0, neighbours = 0;
  const auto order = order_of(10000, 3);
  for (index_t i = 0; i < 10000; ++i) fixed += core::at(order, i) == i;
  for (index_t i = 1; i < 10000; ++i) neighbours += std::abs(core::at(order, i) - core::at(order, i - 1)) == 1;
  CHECK(fixed < 8);        // one is expected
  CHECK(neighbours < 12);  // two are expected
}

}  // namespace
