#include <minibert/ops/softmax.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("softmax: values", T, float, double) {
  testing::Inputs<T> inputs{{2, 3, 21}};
  Tape<T> tape;
  const auto y = F::softmax(inputs.on(tape)[0]);
  CHECK(y.shape() == Shape{2, 3, 21});
  CHECK(reference::relative_error(testing::values(y), reference::softmax(reference::widen(inputs.values(0)), 6, 21)) <
        (std::is_same_v<T, float> ? 1e-6 : 1e-14));
}

TEST_CASE("softmax: gradients") {
  for (const Shape& shape : {Shape{3, 7}, Shape{2, 2, 3}, Shape{19}})
    CHECK(gradcheck_op({shape}, [](Doubles x) { return F::softmax(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{0, 3}}, [](Doubles x) { return F::softmax(x[0]); }) == 0);
  CHECK(gradcheck_op({{3, 0}}, [](Doubles x) { return F::softmax(x[0]); }) == 0);
}

TEST_CASE_TEMPLATE("log_softmax: values", T, float, double) {
  testing::Inputs<T> inputs{{2, 3, 21}};
  Tape<T> tape;
  const auto y = F::log_softmax(inputs.on(tape)[0]);
  CHECK(y.shape() == Shape{2, 3, 21});
  auto expected = reference::softmax(reference::widen(inputs.values(0)), 6, 21);
  for (double& v : expected) v = std::log(v);
  CHECK(reference::relative_error(testing::values(y), expected) < (std::is_same_v<T, float> ? 1e-6 : 1e-14));
}

TEST_CASE("log_softmax: gradients") {
  for (const Shape& shape : {Shape{3, 7}, Shape{2, 2, 3}, Shape{19}}) {
    CHECK(gradcheck_op({shape}, [](Doubles x) { return F::log_softmax(x[0]); }) < 1e-6);
    CHECK(gradcheck_op({shape}, [](Doubles x) { return F::log_softmax(x[0]) * x[0]; }) < 1e-6);
  }
  CHECK(gradcheck_op({{0, 3}}, [](Doubles x) { return F::log_softmax(x[0]); }) == 0);
  CHECK(gradcheck_op({{3, 0}}, [](Doubles x) { return F::log_softmax(x[0]); }) == 0);
}

TEST_CASE("softmax: errors") {
  Tape<float> tape;
  CHECK_THROWS_WITH_AS(F::softmax(tape.constant(Tensor<float>(Shape{}))),
                       "softmax: input of shape (), expected at least one dimension", ShapeError);
  CHECK_THROWS_WITH_AS(F::log_softmax(tape.constant(Tensor<float>(Shape{}))),
                       "log_softmax: input of shape (), expected at least one dimension", ShapeError);
}
