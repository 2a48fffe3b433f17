#include <minibert/ops/reshape.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("reshape and transpose: values", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(F::reshape(x, {3, 2}).shape() == Shape{3, 2});
  CHECK(testing::values(F::reshape(x, {6})) == testing::values(x));
  CHECK(F::transpose(x, 0, 1).shape() == Shape{3, 2});
  CHECK(testing::values(F::transpose(x, 0, 1)) == std::vector<T>{1, 4, 2, 5, 3, 6});
  CHECK(testing::values(F::transpose(x, -1, -1)) == testing::values(x));
  const auto y = tape.constant(Tensor<T>({2, 1, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(F::transpose(y, 0, 2).shape() == Shape{3, 1, 2});
  CHECK(testing::values(F::transpose(y, 0, -1)) == std::vector<T>{1, 4, 2, 5, 3, 6});
  CHECK(testing::values(F::transpose(y, 0, 1)) == testing::values(y));
  CHECK(F::transpose(tape.constant(Tensor<T>({0, 3})), 0, 1).shape() == Shape{3, 0});
}

TEST_CASE("reshape and transpose: gradients") {
  CHECK(gradcheck_op({{2, 6}}, [](Doubles x) { return F::reshape(x[0], {3, 4}); }) < 1e-6);
  CHECK(gradcheck_op({{1}}, [](Doubles x) { return F::reshape(x[0], Shape{}); }) < 1e-6);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b)
      CHECK(gradcheck_op({{2, 3, 4}}, [&](Doubles x) { return F::transpose(x[0], a, b) * F::transpose(x[0], a, b); }) <
            1e-6);
}

TEST_CASE("reshape and transpose: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2, 3}));
  CHECK_THROWS_WITH_AS(F::reshape(x, {4, 2}), "reshape: (2, 3) has 6 elements, (4, 2) has 8, expected the same number",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::transpose(x, 0, 2), "transpose: found dimension 2, expected -2 to 1 for shape (2, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::transpose(x, -3, 0), "transpose: found dimension -3, expected -2 to 1 for shape (2, 3)",
                       ShapeError);
}
