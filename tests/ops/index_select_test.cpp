#include <minibert/ops/index_select.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("index_select: values", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({3, 2}, {1, 2, 3, 4, 5, 6}));
  const std::vector<index_t> rows{2, 0, 2};
  CHECK(F::index_select<T>(x, rows).shape() == Shape{3, 2});
  CHECK(testing::values(F::index_select<T>(x, rows)) == std::vector<T>{5, 6, 1, 2, 5, 6});
  CHECK(F::index_select<T>(x, std::span<const index_t>()).shape() == Shape{0, 2});
}

TEST_CASE("index_select: gradients, a row twice and rows never taken") {
  std::vector<index_t> rows{2, 0, 2};
  CHECK(gradcheck_op({{4, 5}}, [&](Doubles x) { return F::index_select<double>(x[0], rows); }) < 1e-6);
  testing::Inputs<double> inputs{{4, 1}};
  Tape<double> tape;
  const auto loss = F::sum(F::index_select<double>(inputs.on(tape)[0], rows));
  rows.assign(3, 1);  // has no effect: index_select has copied the indices
  tape.backward(loss);
  CHECK(inputs.grad(0) == std::vector<double>{1, 0, 2, 0});
}

TEST_CASE("index_select: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({3, 2}));
  const std::vector<index_t> high{0, 3}, low{-1};
  CHECK_THROWS_WITH_AS(F::index_select<float>(x, high),
                       "index_select: row 3, expected 0 to 2 for input of shape (3, 2)", ValueError);
  CHECK_THROWS_WITH_AS(F::index_select<float>(x, low),
                       "index_select: row -1, expected 0 to 2 for input of shape (3, 2)", ValueError);
  CHECK_THROWS_WITH_AS(F::index_select<float>(tape.constant(Tensor<float>({3})), low),
                       "index_select: input of shape (3), expected (rows, features)", ShapeError);
}
