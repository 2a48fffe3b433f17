#include <minibert/ops/slice.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("slice: values along every dimension, counted from either end", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(F::slice(x, 1, 1, 3).shape() == Shape{2, 2});
  CHECK(testing::values(F::slice(x, 1, 1, 3)) == std::vector<T>{2, 3, 5, 6});
  CHECK(testing::values(F::slice(x, -1, -3, -1)) == std::vector<T>{1, 2, 4, 5});
  CHECK(testing::values(F::slice(x, 0, 1, 2)) == std::vector<T>{4, 5, 6});
  CHECK(testing::values(F::slice(x, 0, 0, 2)) == testing::values(x));
  CHECK(F::slice(x, 1, 2, 2).shape() == Shape{2, 0});
  CHECK(F::slice(x, 1, 3, 3).numel() == 0);
  const auto y = tape.constant(Tensor<T>({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  CHECK(testing::values(F::slice(y, 1, 1, 3)) == std::vector<T>{3, 4, 5, 6, 9, 10, 11, 12});
}

TEST_CASE("slice: gradients, alone and added to others") {
  for (const int dim : {0, 1, 2})
    CHECK(gradcheck_op({{4, 3, 5}}, [&](Doubles x) { return F::slice(x[0], dim, 1, 3); }) < 1e-6);
  CHECK(gradcheck_op({{4, 5}}, [](Doubles x) { return F::slice(x[0], 1, 0, 3) * F::slice(x[0], 1, 2, 5); }) < 1e-6);
  CHECK(gradcheck_op({{4, 5}}, [](Doubles x) { return F::slice(x[0], 1, 2, 2); }) == 0);
  testing::Inputs<double> inputs{{3}};
  Tape<double> tape;
  tape.backward(F::sum(F::slice(inputs.on(tape)[0], 0, 1, 2)));
  CHECK(inputs.grad(0) == std::vector<double>{0, 1, 0});
}

TEST_CASE("slice: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2, 3}));
  CHECK_THROWS_WITH_AS(F::slice(x, 1, 1, 4),
                       "slice: found begin 1 and end 4, counted from the front, expected 0 <= begin <= end <= 3 for "
                       "dimension 1 of shape (2, 3)",
                       ValueError);
  CHECK_THROWS_WITH_AS(F::slice(x, -1, 2, 1),
                       "slice: found begin 2 and end 1, counted from the front, expected 0 <= begin <= end <= 3 for "
                       "dimension -1 of shape (2, 3)",
                       ValueError);
  CHECK_THROWS_AS(F::slice(x, 1, -4, 3), ValueError);
  CHECK_THROWS_WITH_AS(F::slice(x, 2, 0, 1), "slice: found dimension 2, expected -2 to 1 for shape (2, 3)", ShapeError);
  CHECK_THROWS_AS(F::slice(tape.constant(Tensor<float>(Shape{})), 0, 0, 1), ShapeError);
}
