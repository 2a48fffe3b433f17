#include <minibert/ops/mse_loss.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("mse_loss: values", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 2}, {1, 2, 3, 4})), t = tape.constant(Tensor<T>({2, 2}, {1, 0, 0, 5}));
  CHECK(F::mse_loss(x, t).shape() == Shape{});
  CHECK(F::mse_loss(x, t).item() == T(3.5));
  CHECK(F::mse_loss(x, x).item() == 0);
  CHECK(F::mse_loss(tape.constant(Tensor<T>(Shape{}, {3})), tape.constant(Tensor<T>(Shape{}, {1}))).item() == 4);
}

TEST_CASE("mse_loss: of many floats, as exact as one of them") {
  Tape<float> tape;
  Tensor<float> numbers({1000000});
  std::fill_n(numbers.data(), numbers.numel(), 0.1f);
  const auto loss = F::mse_loss(tape.constant(numbers), tape.constant(Tensor<float>({1000000})));
  CHECK(loss.item() == doctest::Approx(0.01).epsilon(1e-6));
}

TEST_CASE("mse_loss: gradients, of a constant target too") {
  CHECK(gradcheck_op({{3, 4}, {3, 4}}, [](Doubles x) { return F::mse_loss(x[0], x[1]); }) < 1e-6);
  CHECK(gradcheck_op({{3, 4}, {3, 4}}, [](Doubles x) { return F::mse_loss(x[0] * x[1], x[1]) * x[0]; }) < 1e-6);
  testing::Inputs<double> inputs{{3, 4}, {3, 4}};
  inputs[1].requires_grad = false;
  CHECK(gradcheck_op(inputs, [](Doubles x) { return F::mse_loss(x[0], x[1]); }) < 1e-6);
  CHECK_FALSE(inputs[1].has_grad);
}

TEST_CASE("mse_loss: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2})), y = tape.constant(Tensor<float>({2, 1})),
             none = tape.constant(Tensor<float>({0}));
  CHECK_THROWS_WITH_AS(
      F::mse_loss(x, y),
      "mse_loss: input of shape (2) and target of shape (2, 1), expected equal shapes with at least one element",
      ShapeError);
  CHECK_THROWS_AS(F::mse_loss(none, none), ShapeError);
}
