#include <minibert/ops/where.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("where: values, every operand broadcast", T, float, double) {
  Tape<T> tape;
  const auto a = tape.constant(Tensor<T>({2, 2}, {1, 2, 3, 4})), b = tape.constant(Tensor<T>({2, 2}, {5, 6, 7, 8}));
  const auto row = tape.constant(Tensor<T>({2}, {10, 20})), scalar = tape.constant(Tensor<T>(Shape{}, {9}));
  const Tensor<bool> mask({2, 2}, {true, false, false, true}), column({2, 1}, {true, false});
  CHECK(testing::values(F::where(mask, a, b)) == std::vector<T>{1, 6, 7, 4});
  CHECK(testing::values(F::where(column, a, b)) == std::vector<T>{1, 2, 7, 8});
  CHECK(testing::values(F::where(mask, row, scalar)) == std::vector<T>{10, 9, 9, 20});
  CHECK(F::where(column, row, scalar).shape() == Shape{2, 2});
  CHECK(testing::values(F::where(column, row, scalar)) == std::vector<T>{10, 20, 9, 9});
  CHECK(F::where(Tensor<bool>(Shape{}, {true}), scalar, scalar).shape() == Shape{});
}

TEST_CASE("where: gradients") {
  const Tensor<bool> mask({2, 3}, {true, false, false, true, true, false}), column({2, 1}, {true, false});
  for (const auto& shapes : {std::initializer_list<Shape>{{2, 3}, {2, 3}}, {{3}, {2, 1}}, {{}, {2, 3}}, {{2, 3}, {}}}) {
    CHECK(gradcheck_op(shapes, [&](Doubles x) { return F::where(mask, x[0], x[1]); }) < 1e-6);
    CHECK(gradcheck_op(shapes, [&](Doubles x) { return F::where(column, x[0], x[1]) * x[0]; }) < 1e-6);
  }
  CHECK(gradcheck_op({{2, 3}}, [&](Doubles x) { return F::where(mask, x[0], x[0]) * x[0]; }) < 1e-6);
}

TEST_CASE("where: the condition is copied, and what was not chosen gets a gradient of zero, not NaN") {
  testing::Inputs<double> inputs{{2}, {2}};
  inputs[1].data[0] = std::nan("");
  Tape<double> tape;
  Tensor<bool> mask({2}, {true, false});
  const auto x = inputs.on(tape);
  const auto loss = F::sum(F::where(mask, x[0], x[1]));
  mask = Tensor<bool>({2}, {false, true});
  tape.backward(loss);
  CHECK(inputs.grad(0) == std::vector<double>{1, 0});
  CHECK(inputs.grad(1) == std::vector<double>{0, 1});
}

TEST_CASE("where: shapes that do not broadcast") {
  Tape<float> tape;
  const auto a = tape.constant(Tensor<float>({2, 3})), b = tape.constant(Tensor<float>({2}));
  CHECK_THROWS_WITH_AS(
      F::where(Tensor<bool>({2, 3}), a, b),
      "where: cannot broadcast shapes (2, 3) and (2): dimension -1 has sizes 3 and 2, expected equal sizes or 1",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      F::where(Tensor<bool>({4}), a, a),
      "where: cannot broadcast shapes (4) and (2, 3): dimension -1 has sizes 4 and 3, expected equal sizes or 1",
      ShapeError);
}
