#include "count_text.hpp"

#include <limits>

#include <doctest/doctest.h>

TEST_CASE("a count agrees with its noun") {
  CHECK(count_text(0, "line") == "0 lines");
  CHECK(count_text(1, "line") == "1 line");
  CHECK(count_text(2, "line") == "2 lines");
  CHECK(count_text(1, "entry", "entries") == "1 entry");
  CHECK(count_text(30000, "entry", "entries") == "30000 entries");
}

TEST_CASE("a perplexity is short for any loss") {
  CHECK(perplexity_text(0) == "1.0");
  CHECK(perplexity_text(2.5) == "12.2");
  CHECK(perplexity_text(8.1688) == "3529");
  CHECK(perplexity_text(345.56) == "1.2e+150");
  CHECK(perplexity_text(800) == "inf");
  CHECK(perplexity_text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(perplexity_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
}
