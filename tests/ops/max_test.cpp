#include <minibert/ops/max.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

namespace {
const double kNan = std::nan("");
}

TEST_CASE_TEMPLATE("max: values and shapes, of everything and of one dimension", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 3}, {1, 9, 3, 4, -5, 6}));
  CHECK(F::max(x).shape() == Shape{});
  CHECK(F::max(x).item() == 9);
  CHECK(testing::values(F::max(x, 0)) == std::vector<T>{4, 9, 6});
  CHECK(testing::values(F::max(x, -1)) == std::vector<T>{9, 6});
  CHECK(F::max(x, 0).shape() == Shape{3});
  CHECK(F::max(x, 0, true).shape() == Shape{1, 3});
  CHECK(F::max(x, 1, true).shape() == Shape{2, 1});
  const auto y = tape.constant(Tensor<T>({2, 2, 2}, {1, 2, 3, 0, -5, -6, -7, -2}));
  CHECK(testing::values(F::max(y, 1)) == std::vector<T>{3, 2, -5, -2});
  CHECK(F::max(tape.constant(Tensor<T>(Shape{}, {3}))).item() == 3);
  CHECK(F::max(tape.constant(Tensor<T>({0, 3})), 1).shape() == Shape{0});
}

TEST_CASE("max: NaN and infinity") {
  Tape<double> tape;
  const auto x = tape.constant(Tensor<double>({3, 3}, {1, kNan, 3, kNan, 5, 6, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL}));
  CHECK(std::isnan(F::max(x).item()));
  const auto rows = testing::values(F::max(x, 1));
  CHECK(std::isnan(rows[0]));
  CHECK(std::isnan(rows[1]));
  CHECK(rows[2] == -HUGE_VAL);
}

TEST_CASE("max: gradients") {
  CHECK(gradcheck_op({{3, 4}}, [](Doubles x) { return F::max(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{3, 4}}, [](Doubles x) { return F::max(x[0]) * x[0]; }) < 1e-6);
  for (const int dim : {0, 1, 2, -1})
    for (const bool keepdim : {false, true}) {
      CHECK(gradcheck_op({{2, 3, 4}}, [&](Doubles x) { return F::max(x[0], dim, keepdim); }) < 1e-6);
      CHECK(gradcheck_op({{2, 3, 4}}, [&](Doubles x) { return F::max(x[0] * x[0], dim, true) * x[0]; }) < 1e-6);
    }
}

TEST_CASE("max: the gradient of equal maxima, as in PyTorch: first of a dimension, shared evenly of everything") {
  testing::Inputs<double> inputs{{2, 3}};
  const double ties[] = {7, 7, 1, 2, 7, 7};
  std::copy_n(ties, 6, inputs[0].data);
  Tape<double> tape;
  tape.backward(F::sum(F::max(inputs.on(tape)[0], 1)));
  CHECK(inputs.grad(0) == std::vector<double>{1, 0, 0, 0, 1, 0});
  inputs.zero_grad();
  tape.reset();
  tape.backward(F::max(inputs.on(tape)[0]));
  CHECK(inputs.grad(0) == std::vector<double>{0.25, 0.25, 0, 0, 0.25, 0.25});
}

TEST_CASE("max: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2, 3})), none = tape.constant(Tensor<float>({2, 0}));
  CHECK_THROWS_WITH_AS(F::max(x, 2), "max: found dimension 2, expected -2 to 1 for shape (2, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(F::max(none), "max: found no elements in shape (2, 0), expected at least one", ShapeError);
  CHECK_THROWS_WITH_AS(F::max(none, 1), "max: found no elements in dimension 1 of shape (2, 0), expected at least one",
                       ShapeError);
}
