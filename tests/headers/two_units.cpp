// Links units compiled with different -m flags into one program. They must agree, and can exchange objects.
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "headers/unit.hpp"
#include "support/reference.hpp"

extern const Unit plain;
#ifdef HAS_UNIT_native
extern const Unit avx2, native;
#endif

namespace {

using minibert::index_t;
using minibert::Shape;
using minibert::Tensor;

std::vector<const Unit*> units() {
  std::vector<const Unit*> all = {&plain};
#ifdef HAS_UNIT_native
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&avx2);
  all.push_back(&native);
#endif
  return all;
}

Tensor<float> normal(const Shape& shape, int stream) {
  return {shape, minibert::reference::normal<float>(shape.numel(), stream).data()};
}

double error(const Tensor<float>& a, const Tensor<float>& b) {
  const auto values = [](const Tensor<float>& t) { return std::span(t.data(), minibert::core::usize(t.numel())); };
  return minibert::reference::relative_error(values(a), values(b));
}

}  // namespace

TEST_CASE("units with different -m flags compute the same") {
  const Tensor<float> a = normal({50, 33}, 1), b = normal({33, 70}, 2), w = normal({70, 33}, 3);
  for (const Unit* unit : units()) {
    CAPTURE(unit->arch);
    CHECK(unit->random_bits(7) == plain.random_bits(7));
    CHECK(error(unit->product(a, b), plain.product(a, b)) < 2e-6);
    CHECK(error(unit->gradients(a, w), plain.gradients(a, w)) < 2e-6);
  }
}

TEST_CASE("what one unit allocates another may free") {
  for (const Unit* maker : units()) {
    for (const Unit* user : units()) user->free(maker->product(normal({5, 3}, 1), normal({3, 7}, 2)));
  }
}
