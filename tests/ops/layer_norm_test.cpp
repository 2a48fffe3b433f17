#include <minibert/ops/layer_norm.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using reference::widen;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("layer_norm, add_layer_norm: values", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  testing::Inputs<T> inputs{{2, 3, 19}, {2, 3, 19}, {19}, {19}};
  Tape<T> tape;
  const auto x = inputs.on(tape);
  const auto weight = widen(inputs.values(2)), bias = widen(inputs.values(3));
  auto sum = widen(inputs.values(0));
  const auto y = F::layer_norm(x[0], x[2], x[3], static_cast<T>(1e-5));
  CHECK(y.shape() == Shape{2, 3, 19});
  CHECK(reference::relative_error(testing::values(y), reference::layer_norm(sum, weight, bias, 1e-5, 6, 19)) <
        tolerance);
  for (index_t i = 0; i < core::length(sum); ++i)
    core::at(sum, i) += static_cast<double>(core::at(inputs.values(1), i));
  CHECK(reference::relative_error(testing::values(F::add_layer_norm(x[0], x[1], x[2], x[3], static_cast<T>(1e-5))),
                                  reference::layer_norm(sum, weight, bias, 1e-5, 6, 19)) < tolerance);
}

TEST_CASE("layer_norm, add_layer_norm: gradients") {
  const auto plain = [](Doubles x) { return F::layer_norm(x[0], x[1], x[2], 1e-5); };
  CHECK(gradcheck_op({{4, 5}, {5}, {5}}, plain) < 1e-6);
  CHECK(gradcheck_op({{2, 2, 3}, {3}, {3}}, plain) < 1e-6);
  CHECK(gradcheck_op({{5}, {5}, {5}}, plain) < 1e-6);
  CHECK(gradcheck_op({{40, 17}, {17}, {17}}, plain) < 1e-6);  // more rows than fit into one chunk
  const auto added = [](Doubles x) { return F::add_layer_norm(x[0], x[1], x[2], x[3], 1e-5); };
  CHECK(gradcheck_op({{4, 5}, {4, 5}, {5}, {5}}, added) < 1e-6);
  for (const index_t frozen : {0, 1, 2, 3}) {
    testing::Inputs<double> inputs{{4, 5}, {4, 5}, {5}, {5}};
    inputs[frozen].requires_grad = false;
    CHECK(gradcheck_op(inputs, added) < 1e-6);
  }
  CHECK(gradcheck_op({{0, 5}, {5}, {5}}, plain) == 0);
}

TEST_CASE("layer_norm: errors") {
  Tape<float> tape;
  const auto of = [&](Shape shape) { return tape.constant(Tensor<float>(shape)); };
  CHECK_THROWS_WITH_AS(F::layer_norm(of({}), of({1}), of({1}), 1e-5f),
                       "layer_norm: input of shape (), expected at least one dimension", ShapeError);
  CHECK_THROWS_WITH_AS(F::layer_norm(of({2, 3}), of({2}), of({3}), 1e-5f),
                       "layer_norm: weight of shape (2) and bias of shape (3), expected (3) for input of shape (2, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::add_layer_norm(of({2, 3}), of({3}), of({3}), of({3}), 1e-5f),
                       "layer_norm: residual of shape (3), expected (2, 3), the shape of the input", ShapeError);
}
