#include <minibert/ops/unary.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("exp, log, sqrt, tanh: values and shape", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 2}, {T(0.25), 1, 4, 9}));
  CHECK(F::exp(x).shape() == Shape{2, 2});
  for (index_t i = 0; i < 4; ++i) {
    const T v = core::at(testing::values(x), i);
    CHECK(core::at(testing::values(F::exp(x)), i) == std::exp(v));
    CHECK(core::at(testing::values(F::log(x)), i) == std::log(v));
    CHECK(core::at(testing::values(F::sqrt(x)), i) == std::sqrt(v));
    CHECK(core::at(testing::values(F::tanh(x)), i) == std::tanh(v));
  }
}

TEST_CASE("exp, log, sqrt, tanh: gradients") {
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::exp(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::tanh(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::log(F::exp(x[0])); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::log(F::exp(x[0]) + x[0] * x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::sqrt(F::exp(x[0])); }) < 1e-6);
  CHECK(gradcheck_op({Shape{}}, [](Doubles x) { return F::exp(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{0}}, [](Doubles x) { return F::exp(x[0]); }) == 0);
}

TEST_CASE("the same gradients when a variable has other uses") {
  CHECK(gradcheck_op({{5}}, [](Doubles x) { return F::exp(x[0]) + F::tanh(x[0]) * F::exp(x[0]); }) < 1e-6);
}
