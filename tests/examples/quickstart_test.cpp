#include <doctest/doctest.h>

#include "support/quotes.hpp"

using namespace minibert;

TEST_CASE("README.md shows examples/quickstart.cpp as it is") {
  const auto blocks = testing::cpp_blocks("README.md");
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0] == testing::repository_file("examples/quickstart.cpp"));
}
