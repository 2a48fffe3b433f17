#include <minibert/ops/sum.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("sum, mean: values and shapes", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(F::sum(x).shape() == Shape{});
  CHECK(F::sum(x).item() == 21);
  CHECK(F::mean(x).item() == T(3.5));
  CHECK(testing::values(F::sum(x, 0)) == std::vector<T>{5, 7, 9});
  CHECK(testing::values(F::sum(x, -1)) == std::vector<T>{6, 15});
  CHECK(F::sum(x, 0).shape() == Shape{3});
  CHECK(F::sum(x, 0, true).shape() == Shape{1, 3});
  CHECK(F::sum(x, -1, true).shape() == Shape{2, 1});
  CHECK(testing::values(F::mean(x, 0)) == std::vector<T>{2.5, 3.5, 4.5});
  CHECK(testing::values(F::mean(x, 1, true)) == std::vector<T>{2, 5});
  const auto y = tape.constant(Tensor<T>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(testing::values(F::sum(y, 1)) == std::vector<T>{4, 6, 12, 14});
  CHECK(F::sum(tape.constant(Tensor<T>(Shape{}, {3}))).item() == 3);
  CHECK(F::sum(tape.constant(Tensor<T>({0, 3}))).item() == 0);
  CHECK(testing::values(F::sum(tape.constant(Tensor<T>({0, 3})), 0)) == std::vector<T>{0, 0, 0});
}

TEST_CASE("sum, mean: of many floats, as exact as one of them") {
  Tape<float> tape;
  const index_t n = 1000000;
  Tensor<float> numbers({n, 1});
  std::fill_n(numbers.data(), numbers.numel(), 0.1f);
  const auto x = tape.constant(numbers);
  const double expected = static_cast<double>(0.1f);
  CHECK(F::mean(x).item() == doctest::Approx(expected).epsilon(1e-6));
  CHECK(F::sum(x).item() == doctest::Approx(expected * static_cast<double>(n)).epsilon(1e-6));
  CHECK(F::mean(x, 0).item() == doctest::Approx(expected).epsilon(1e-6));
}

TEST_CASE("sum, mean: gradients") {
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::sum(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::mean(x[0]); }) < 1e-6);
  for (const int dim : {0, 1, 2, -1, -2, -3})
    for (const bool keepdim : {false, true}) {
      CHECK(gradcheck_op({{2, 3, 4}}, [&](Doubles x) { return F::sum(F::mul(x[0], x[0]), dim, keepdim); }) < 1e-6);
      CHECK(gradcheck_op({{2, 3, 4}}, [&](Doubles x) { return F::mean(x[0], dim, keepdim); }) < 1e-6);
    }
}

TEST_CASE("sum, mean: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2, 3})), none = tape.constant(Tensor<float>({2, 0}));
  CHECK_THROWS_WITH_AS(F::sum(x, 2), "sum: found dimension 2, expected -2 to 1 for shape (2, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(F::mean(x, -3), "mean: found dimension -3, expected -2 to 1 for shape (2, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(F::mean(none), "mean: found no elements in shape (2, 0), expected at least one", ShapeError);
  CHECK_THROWS_WITH_AS(F::mean(none, 1),
                       "mean: found no elements in dimension 1 of shape (2, 0), expected at least one", ShapeError);
}
