// One program out of units compiled with different -m flags: they must agree, and share objects.
#include <vector>

#include <doctest/doctest.h>

#include "headers/unit.hpp"

extern const Unit plain;
#ifdef HAS_UNIT_native
extern const Unit avx2, native;
#endif

namespace {

using minibert::index_t;
using minibert::Tensor;

std::vector<const Unit*> units() {
  std::vector<const Unit*> all = {&plain};
#ifdef HAS_UNIT_native
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&avx2);
  all.push_back(&native);
#endif
  return all;
}

Tensor<float> input() { return {{11}, {-50.0f, -3.25f, -1.0f, -0.1f, 0.0f, 0.3f, 1.0f, 2.5f, 10.0f, 40.0f, 80.0f}}; }

}  // namespace

TEST_CASE("units with different -m flags compute the same") {
  const Tensor<float> x = input();
  const Tensor<float> expected = plain.exponentials(x);
  for (const Unit* unit : units()) {
    CAPTURE(unit->arch);
    CHECK(unit->random_bits(7) == plain.random_bits(7));
    const Tensor<float> y = unit->exponentials(x);
    REQUIRE(y.shape() == x.shape());
    for (index_t i = 0; i < x.numel(); ++i)
      CHECK(y.data()[i] == doctest::Approx(expected.data()[i]).epsilon(1e-6).scale(0));
  }
}

TEST_CASE("what one unit allocates another may free") {
  for (const Unit* maker : units()) {
    for (const Unit* user : units()) user->free(maker->exponentials(input()));
  }
}
