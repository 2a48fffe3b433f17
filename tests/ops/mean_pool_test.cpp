#include <minibert/ops/mean_pool.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("mean_pool: values", T, float, double) {
  Tape<T> tape;
  const reference::OwnedSequences sequences({2, 0, 1});
  const auto x = tape.constant(Tensor<T>({3, 2}, {1, 2, 3, 5, 7, 9}));
  const auto y = F::mean_pool(x, sequences.view());
  CHECK(y.shape() == Shape{3, 2});
  CHECK(testing::values(y) == std::vector<T>{2, 3.5, 0, 0, 7, 9});
}

TEST_CASE("mean_pool: gradients") {
  const reference::OwnedSequences sequences({2, 0, 1, 6});
  CHECK(gradcheck_op({{9, 5}}, [&](Doubles x) { return F::mean_pool(x[0], sequences.view()); }) < 1e-6);
  CHECK(gradcheck_op({{9, 5}}, [&](Doubles x) { return F::mean_pool(x[0] * x[0], sequences.view()); }) < 1e-6);
}

TEST_CASE("mean_pool: errors") {
  Tape<float> tape;
  const reference::OwnedSequences sequences({2, 1});
  CHECK_THROWS_WITH_AS(F::mean_pool(tape.constant(Tensor<float>({3})), sequences.view()),
                       "mean_pool: input of shape (3), expected (rows, features)", ShapeError);
  CHECK_THROWS_WITH_AS(F::mean_pool(tape.constant(Tensor<float>({4, 2})), sequences.view()),
                       "mean_pool: the sequences have 3 rows, expected 4, the rows of the input", ShapeError);
}
