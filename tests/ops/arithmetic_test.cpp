#include <minibert/ops/arithmetic.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

namespace {

/// Returns x² + 0.5, so that tests can divide by the result.
Variable<double> away(Variable<double> x) { return x * x + x.tape().constant(Tensor<double>(Shape{}, {0.5})); }

}  // namespace

TEST_CASE_TEMPLATE("add, sub, mul, div: values, and the operators", T, float, double) {
  Tape<T> tape;
  const auto a = tape.constant(Tensor<T>({4}, {1, 2, 3, 4})), b = tape.constant(Tensor<T>({4}, {2, 4, -1, 8}));
  CHECK(testing::values(a + b) == std::vector<T>{3, 6, 2, 12});
  CHECK(testing::values(a - b) == std::vector<T>{-1, -2, 4, -4});
  CHECK(testing::values(a * b) == std::vector<T>{2, 8, -3, 32});
  CHECK(testing::values(a / b) == std::vector<T>{T(0.5), T(0.5), -3, T(0.5)});
}

TEST_CASE("broadcasting: values") {
  Tape<double> tape;
  const auto a = tape.constant(Tensor<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto row = tape.constant(Tensor<double>({3}, {10, 20, 30}));
  const auto column = tape.constant(Tensor<double>({2, 1}, {100, 200}));
  const auto scalar = tape.constant(Tensor<double>(Shape{}, {1000}));
  CHECK(testing::values(a + row) == std::vector<double>{11, 22, 33, 14, 25, 36});
  CHECK(testing::values(column - a) == std::vector<double>{99, 98, 97, 196, 195, 194});
  CHECK((row + column).shape() == Shape{2, 3});
  CHECK(testing::values(row + column) == std::vector<double>{110, 120, 130, 210, 220, 230});
  CHECK(testing::values(scalar * row) == std::vector<double>{10000, 20000, 30000});
  CHECK((scalar + scalar).shape() == Shape{});
  const auto empty = tape.constant(Tensor<double>({0, 3}));
  CHECK((empty + row).shape() == Shape{0, 3});
  CHECK((empty + scalar).numel() == 0);
}

TEST_CASE("add, sub, mul, div: gradients, every broadcasting form") {
  const std::initializer_list<Shape> forms[] = {
      {{2, 3}, {2, 3}}, {{2, 3}, {3}},       {{3}, {2, 3}}, {{2, 1}, {1, 3}}, {{2, 3}, {}},
      {{}, {2, 3}},     {{2, 1, 4}, {3, 1}}, {{}, {}},      {{1}, {1, 1}},    {{2, 1, 2, 1, 2, 1}, {2, 1, 2, 1, 2}}};
  for (const auto& form : forms) {
    INFO(to_string(*form.begin()), " and ", to_string(*(form.begin() + 1)));
    CHECK(gradcheck_op(form, [](Doubles x) { return F::add(x[0], x[1]); }) < 1e-6);
    CHECK(gradcheck_op(form, [](Doubles x) { return F::sub(x[0], x[1]); }) < 1e-6);
    CHECK(gradcheck_op(form, [](Doubles x) { return F::mul(x[0], x[1]); }) < 1e-6);
    CHECK(gradcheck_op(form, [](Doubles x) { return F::div(x[0], away(x[1])); }) < 1e-6);
  }
}

TEST_CASE("add: nothing broadcast to nothing gives gradients of zero") {
  testing::Inputs<double> inputs{{0, 3}, {3}};
  CHECK(gradcheck_op(inputs, [](Doubles x) { return F::add(x[0], x[1]); }) == 0);
  CHECK(inputs.grad(1) == std::vector<double>{0, 0, 0});
}

TEST_CASE("add, sub, mul, div: shapes that do not broadcast") {
  Tape<float> tape;
  const auto a = tape.constant(Tensor<float>({2, 3})), b = tape.constant(Tensor<float>({2}));
  CHECK_THROWS_WITH_AS(
      F::add(a, b),
      "add: cannot broadcast shapes (2, 3) and (2): dimension -1 has sizes 3 and 2, expected equal sizes or 1",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      F::sub(b, a),
      "sub: cannot broadcast shapes (2) and (2, 3): dimension -1 has sizes 2 and 3, expected equal sizes or 1",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      F::mul(a, b),
      "mul: cannot broadcast shapes (2, 3) and (2): dimension -1 has sizes 3 and 2, expected equal sizes or 1",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      F::div(a, b),
      "div: cannot broadcast shapes (2, 3) and (2): dimension -1 has sizes 3 and 2, expected equal sizes or 1",
      ShapeError);
}
