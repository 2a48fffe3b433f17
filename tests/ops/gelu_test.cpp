#include <minibert/ops/gelu.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("gelu: values", T, float, double) {
  testing::Inputs<T> inputs{{3, 21}};
  Tape<T> tape;
  const auto x = inputs.on(tape)[0];
  CHECK(F::gelu(x).shape() == Shape{3, 21});
  reference::Numbers exact, approximate;
  for (const T v : inputs.values(0)) {
    exact.push_back(reference::gelu(static_cast<double>(v)));
    approximate.push_back(reference::gelu_tanh(static_cast<double>(v)));
  }
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  CHECK(reference::relative_error(testing::values(F::gelu(x)), exact) < tolerance);
  CHECK(reference::relative_error(testing::values(F::gelu_tanh(x)), approximate) < tolerance);
}

TEST_CASE("gelu: gradients") {
  for (const Shape& shape : {Shape{3, 7}, Shape{}, Shape{19}}) {
    CHECK(gradcheck_op({shape}, [](Doubles x) { return F::gelu(x[0]); }) < 1e-6);
    CHECK(gradcheck_op({shape}, [](Doubles x) { return F::gelu_tanh(x[0]); }) < 1e-6);
  }
  CHECK(gradcheck_op({{0}}, [](Doubles x) { return F::gelu(x[0]); }) == 0);
}
