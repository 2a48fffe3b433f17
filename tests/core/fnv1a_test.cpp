#include <minibert/core/fnv1a.hpp>

#include <doctest/doctest.h>

using minibert::core::fnv1a;

TEST_CASE("fnv1a: the published values, and a hash that continues") {
  CHECK(fnv1a("") == 0xcbf29ce484222325u);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8cu);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8u);
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
  CHECK(fnv1a("\xFF") != fnv1a("\x7F"));
}
