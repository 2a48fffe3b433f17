#include <minibert/core/types.hpp>

#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("types: ceil_div rounds up, and only where there is a remainder") {
  static_assert(core::ceil_div(0, 3) == 0);
  for (const index_t d : {1, 2, 3, 64})
    for (index_t n = 0; n <= 200; ++n) {
      const index_t q = core::ceil_div(n, d);
      CHECK(q * d >= n);
      CHECK((q - 1) * d < n);
    }
  constexpr index_t most = std::numeric_limits<index_t>::max();
  CHECK(core::ceil_div(most, 1) == most);
  CHECK(core::ceil_div(most, 2) == most / 2 + 1);
  CHECK(core::ceil_div(1, most) == 1);
}

TEST_CASE("types: round_up returns the next multiple, or n itself") {
  static_assert(core::round_up(0, 16) == 0);
  CHECK(core::round_up(1, 16) == 16);
  CHECK(core::round_up(16, 16) == 16);
  CHECK(core::round_up(17, 16) == 32);
  CHECK(core::round_up(7, 1) == 7);
}

TEST_CASE("types: length and at are signed views of standard containers") {
  std::vector<int> x{1, 2, 3};
  const int array[]{4, 5};
  CHECK(core::length(x) == 3);
  CHECK(core::length(array) == 2);
  core::at(x, index_t{1}) = 7;
  CHECK(x == std::vector<int>{1, 7, 3});
  CHECK(core::usize(5) == std::size_t{5});
}
