#include <minibert/core/types.hpp>

#include <limits>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("ceil_div and round_up: exact multiples, one more, nothing, and no overflow") {
  CHECK(core::ceil_div(0, 4) == 0);
  CHECK(core::ceil_div(-3, 4) == 0);
  CHECK(core::ceil_div(1, 4) == 1);
  CHECK(core::ceil_div(8, 4) == 2);
  CHECK(core::ceil_div(9, 4) == 3);
  constexpr index_t most = std::numeric_limits<index_t>::max();
  CHECK(core::ceil_div(most, most) == 1);
  CHECK(core::round_up(0, 8) == 0);
  CHECK(core::round_up(8, 8) == 8);
  CHECK(core::round_up(9, 8) == 16);
}
