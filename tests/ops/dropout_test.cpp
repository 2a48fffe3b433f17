#include <minibert/ops/dropout.hpp>

#include <doctest/doctest.h>
#include <Eigen/Core>

#include <minibert/kernels/dropout.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("dropout: values as the definition says", T, float, double) {
  const reference::OwnedSequences sequences({4, 0, 9}, 100);
  testing::Inputs<T> inputs{{13, 70}};
  Tape<T> tape;
  const random::Key key(6);
  const auto x = inputs.on(tape)[0], y = F::dropout(x, 0.3, key, sequences.view());
  CHECK(y.shape() == x.shape());
  const int threshold = kernels::DropoutMask::of(0.3, key).threshold;
  reference::Numbers expected;
  for (index_t t = 0; t < 13; ++t)
    for (index_t j = 0; j < 70; ++j)
      expected.push_back(static_cast<double>(x.value()(t, j)) *
                         reference::dropout_factor(key.fold(t < 4 ? 100 : 102), threshold, t < 4 ? t : t - 4, j));
  CHECK(reference::relative_error(testing::values(y), expected) < (std::is_same_v<T, float> ? 1e-6 : 1e-15));
}

TEST_CASE("dropout: without sequences the mask depends on the row and the feature") {
  testing::Inputs<double> inputs{{3, 4, 70}};
  Tape<double> tape;
  const random::Key key(6);
  const auto y = F::dropout(inputs.on(tape)[0], 0.3, key);
  CHECK(y.shape() == Shape{3, 4, 70});
  const int threshold = kernels::DropoutMask::of(0.3, key).threshold;
  reference::Numbers expected = inputs.values(0);
  for (index_t i = 0; i < 12 * 70; ++i)
    core::at(expected, i) *= reference::dropout_factor(key.fold(i / 70), threshold, 0, i % 70);
  CHECK(reference::relative_error(testing::values(y), expected) < 1e-15);
  CHECK(gradcheck_op({{2, 3, 5}}, [](Doubles x) { return F::dropout(x[0], 0.5, random::Key(1)); }) < 1e-6);
  CHECK(gradcheck_op({{5}}, [](Doubles x) { return F::dropout(x[0], 0.5, random::Key(1)); }) < 1e-6);
  CHECK(F::dropout(tape.constant(Tensor<double>({2, 0})), 0.5, key).shape() == Shape{2, 0});
}

TEST_CASE("dropout: gradients, and nothing to do") {
  const reference::OwnedSequences sequences({4, 9});
  for (const double p : {0.0, 0.1, 0.5, 0.9})
    CHECK(gradcheck_op({{13, 19}}, [&](Doubles x) {
            return F::mul(F::dropout(x[0], p, random::Key(1), sequences.view()), x[0]);
          }) < 1e-6);
  testing::Inputs<double> inputs{{13, 2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  CHECK(F::dropout(x, 0, random::Key(1), sequences.view()).data() == x.data());
}

TEST_CASE("dropout: errors") {
  Tape<float> tape;
  const reference::OwnedSequences sequences({2, 3});
  const auto of = [&](Shape shape) { return tape.constant(Tensor<float>(shape)); };
  const auto x = of({5, 2});
  CHECK_THROWS_WITH_AS(F::dropout(x, 1, {}, sequences.view()),
                       "dropout: the probability is 1, expected at least 0 and less than 1", ValueError);
  CHECK_THROWS_AS(F::dropout(x, -0.1, {}, sequences.view()), ValueError);
  CHECK_THROWS_AS(F::dropout(x, std::nan(""), {}, sequences.view()), ValueError);
  CHECK_THROWS_WITH_AS(F::dropout(of({}), 0.5, {}, sequences.view()),
                       "dropout: input of shape (), expected (…, features)", ShapeError);
  CHECK_THROWS_WITH_AS(F::dropout(of({}), 0.5, {}), "dropout: input of shape (), expected (…, features)", ShapeError);
  CHECK_THROWS_WITH_AS(F::dropout(of({6, 2}), 0.5, {}, sequences.view()),
                       "dropout: the sequences have 5 rows, expected 6, the rows of the input", ShapeError);
  Sequences nameless = sequences.view();
  nameless.global_rows = nullptr;
  CHECK_THROWS_WITH_AS(F::dropout(x, 0.5, {}, nameless),
                       "dropout: the sequences have no global_rows, which determine the dropout; set them", ValueError);
}
