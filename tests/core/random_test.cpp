#include <minibert/core/random.hpp>

#include <set>

#include <doctest/doctest.h>

using minibert::index_t;
using minibert::random::Key;
using minibert::random::site;

TEST_CASE("threefry2x32: known answers of the reference implementation (Random123, kat_vectors)") {
  const auto run = [](std::uint32_t c0, std::uint32_t c1, std::uint32_t k0, std::uint32_t k1) {
    return Key((static_cast<std::uint64_t>(k1) << 32) | k0).bits(c0, c1);
  };
  CHECK(run(0, 0, 0, 0) == 0x99ba4efe6b200159u);
  CHECK(run(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu) == 0xBB002BE71CB996FCu);
  CHECK(run(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u) == 0x483DF7A0C4923A9Cu);
}

TEST_CASE("keys: folding is order-sensitive and tells siblings apart") {
  std::set<std::uint64_t> seen;
  for (index_t a = 0; a < 100; ++a)
    for (index_t b = 0; b < 100; ++b) seen.insert(Key(42).fold(a).fold(b).bits(0));
  CHECK(seen.size() == 10000);
  CHECK(Key(1).fold(2).fold(3).bits(0) != Key(1).fold(3).fold(2).bits(0));
  CHECK(Key(1).fold(site("a")).bits(0) != Key(1).fold(site("b")).bits(0));
}

TEST_CASE("uniform, below, normal: range and moments") {
  const Key key(7);
  double mean = 0, normal_mean = 0, normal_square = 0;
  index_t counts[10] = {};
  const std::uint32_t n = 100000;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double u = key.uniform(i);
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    mean += u / n;
    const double z = key.normal(i, 1);
    normal_mean += z / n;
    normal_square += z * z / n;
    const index_t k = key.below(10, i, 2);
    REQUIRE(k >= 0);
    REQUIRE(k < 10);
    ++counts[k];
  }
  CHECK(mean == doctest::Approx(0.5).epsilon(0.01));
  CHECK(std::abs(normal_mean) < 0.015);
  CHECK(normal_square == doctest::Approx(1).epsilon(0.02));
  for (const index_t c : counts) CHECK(c == doctest::Approx(10000).epsilon(0.05));
  CHECK(key.below(1, 3) == 0);
}

#ifdef __SIZEOF_INT128__
TEST_CASE("below: the upper half of a product of 128 bits") {
  __extension__ using wide = unsigned __int128;
  for (const index_t n : {index_t{3}, index_t{0xFFFFFFFF}, index_t{1} << 32, index_t{0x7FFFFFFFFFFFFFFF}})
    for (std::uint32_t i = 0; i < 1000; ++i) {
      const wide product = static_cast<wide>(Key(7).bits(i)) * static_cast<wide>(n);
      CHECK(Key(7).below(n, i) == static_cast<index_t>(product >> 64));
    }
}
#endif

TEST_CASE("the two numbers of a normal pair are normal and independent") {
  const Key key(7);
  const std::uint32_t n = 100000;
  double means[2] = {}, squares[2] = {}, product = 0, product_of_squares = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto pair = key.normal_pair(i, 5);
    CHECK(pair[0] == key.normal(i, 5));
    for (const std::size_t k : {0u, 1u}) {
      means[k] += pair[k] / n;
      squares[k] += pair[k] * pair[k] / n;
    }
    product += pair[0] * pair[1] / n;
    product_of_squares += pair[0] * pair[0] * pair[1] * pair[1] / n;
  }
  for (const std::size_t k : {0u, 1u}) {  // bounds of five standard deviations
    CHECK(std::abs(means[k]) < 0.016);
    CHECK(std::abs(squares[k] - 1) < 0.023);
  }
  CHECK(std::abs(product) < 0.016);
  CHECK(std::abs(product_of_squares - 1) < 0.045);
}
