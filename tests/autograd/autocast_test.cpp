#include <minibert/autograd/autocast.hpp>

#include <doctest/doctest.h>

using namespace minibert;

TEST_CASE("autocast: the innermost scope counts, and ends with its block") {
  CHECK(autocast::precision() == Precision::full);
  {
    const autocast outer(Precision::bf16);
    CHECK(autocast::precision() == Precision::bf16);
    {
      const autocast inner(Precision::full);
      CHECK(autocast::precision() == Precision::full);
    }
    CHECK(autocast::precision() == Precision::bf16);
  }
  CHECK(autocast::precision() == Precision::full);
}
