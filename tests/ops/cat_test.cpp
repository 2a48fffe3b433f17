#include <minibert/ops/cat.hpp>

#include <doctest/doctest.h>

#include <minibert/ops/unary.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("cat: values along every dimension", T, float, double) {
  Tape<T> tape;
  const auto a = tape.constant(Tensor<T>({2, 2}, {1, 2, 3, 4})), b = tape.constant(Tensor<T>({2, 1}, {5, 6}));
  const auto c = tape.constant(Tensor<T>({1, 2}, {7, 8})), none = tape.constant(Tensor<T>({2, 0}));
  CHECK(F::cat({a, b}, 1).shape() == Shape{2, 3});
  CHECK(testing::values(F::cat({a, b}, 1)) == std::vector<T>{1, 2, 5, 3, 4, 6});
  CHECK(testing::values(F::cat({b, none, a, b}, -1)) == std::vector<T>{5, 1, 2, 5, 6, 3, 4, 6});
  CHECK(F::cat({a, c}).shape() == Shape{3, 2});
  CHECK(testing::values(F::cat({a, c})) == std::vector<T>{1, 2, 3, 4, 7, 8});
  CHECK(testing::values(F::cat(std::vector{c, a}, 0)) == std::vector<T>{7, 8, 1, 2, 3, 4});
  CHECK(testing::values(F::cat({a})) == testing::values(a));
  CHECK(F::cat({none, none}, 1).shape() == Shape{2, 0});
  const auto x = tape.constant(Tensor<T>({2, 1, 2}, {1, 2, 3, 4})),
             y = tape.constant(Tensor<T>({2, 2, 2}, {5, 6, 7, 8, 9, 10, 11, 12}));
  CHECK(testing::values(F::cat({x, y}, 1)) == std::vector<T>{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});
}

TEST_CASE("cat: gradients, also of one variable twice and with other uses") {
  CHECK(gradcheck_op({{2, 3}, {2, 1}}, [](Doubles x) { return F::cat({x[0], x[1]}, 1); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}, {4, 3}}, [](Doubles x) { return F::cat({x[0], x[1]}); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3, 2}, {2, 1, 2}}, [](Doubles x) { return F::cat({x[0], x[1], x[0]}, 1); }) < 1e-6);
  CHECK(gradcheck_op({{2, 2}}, [](Doubles x) {
          return F::cat({x[0], F::exp(x[0])}, -1) * F::cat({x[0], x[0]}, 1);
        }) < 1e-6);
  testing::Inputs<double> inputs{{2, 3}, {2, 1}};
  inputs[0].requires_grad = false;
  CHECK(gradcheck_op(inputs, [](Doubles x) { return F::cat({x[0], x[1]}, 1); }) < 1e-6);
}

TEST_CASE("cat: errors") {
  Tape<float> tape;
  const auto a = tape.constant(Tensor<float>({2, 3})), b = tape.constant(Tensor<float>({3, 2})),
             scalar = tape.constant(Tensor<float>(Shape{}));
  CHECK_THROWS_WITH_AS(F::cat({a, a, b}, 1),
                       "cat: part 2 has shape (3, 2), expected the shape of part 0, (2, 3), except in dimension 1",
                       ShapeError);
  CHECK_THROWS_AS(F::cat({a, scalar}), ShapeError);
  CHECK_THROWS_WITH_AS(F::cat({scalar, scalar}), "cat: found dimension 0, but the shape () has no dimensions",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::cat({a}, 2), "cat: found dimension 2, expected -2 to 1 for shape (2, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(F::cat(std::vector<Variable<float>>{}), "cat: found no variables, expected at least one",
                       ShapeError);
}
