#include <minibert/core/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace minibert;

TEST_CASE("check: says nothing when the condition holds, joins the parts when it does not") {
  CHECK_NOTHROW(core::check<ShapeError>(true, "never"));
  CHECK_THROWS_WITH_AS(
      core::check<ShapeError>(false, "linear: got ", 3, " of ", std::string("x"), ", eps ", 0.5, ' ', true),
      "linear: got 3 of x, eps 0.5 true", ShapeError);
}

TEST_CASE("the family is caught as Error and as std::runtime_error") {
  CHECK_THROWS_AS(core::raise<IoError>("a"), Error);
  CHECK_THROWS_AS(core::raise<FormatError>("a"), std::runtime_error);
  CHECK_THROWS_AS(core::raise<ValueError>("a"), Error);
}

TEST_CASE("a NaN has no sign in a message, an infinity has") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(minibert::core::concat(nan, " ", std::copysign(nan, -1.0), " ", infinity, " ", -infinity) ==
        "nan nan inf -inf");
}
