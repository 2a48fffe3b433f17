#include <minibert/ops/binary_cross_entropy_with_logits.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("binary_cross_entropy_with_logits: values by the definition", T, float, double) {
  testing::Inputs<T> inputs{{3, 7}};
  Tensor<T> targets({3, 7});
  for (index_t i = 0; i < 21; ++i) targets.data()[i] = static_cast<T>(i % 3) / 2;
  double expected = 0;
  for (index_t i = 0; i < 21; ++i) {
    const double p = 1 / (1 + std::exp(-static_cast<double>(core::at(inputs.values(0), i))));
    const double t = static_cast<double>(targets.data()[i]);
    expected -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 21;
  }
  Tape<T> tape;
  const auto loss = F::binary_cross_entropy_with_logits(inputs.on(tape)[0], tape.constant(targets));
  CHECK(loss.shape() == Shape{});
  CHECK(loss.item() == doctest::Approx(expected).epsilon(std::is_same_v<T, float> ? 1e-6 : 1e-14));
}

TEST_CASE("binary_cross_entropy_with_logits: large logits neither overflow nor lose a small loss") {
  Tape<float> tape;
  const auto loss = [&](float x, float t) {
    return F::binary_cross_entropy_with_logits(tape.constant(Tensor<float>({1}, {x})),
                                               tape.constant(Tensor<float>({1}, {t})))
        .item();
  };
  CHECK(loss(1000, 0) == 1000);
  CHECK(loss(-1000, 1) == 1000);
  CHECK(loss(1000, 1) == 0);
  CHECK(loss(-1000, 0) == 0);
  CHECK(loss(20, 1) == doctest::Approx(std::exp(-20.0)).epsilon(1e-5));
  CHECK(loss(-20, 0) == doctest::Approx(std::exp(-20.0)).epsilon(1e-5));
  const auto x = tape.variable(Tensor<float>({2}, {1000, -1000}));
  tape.backward(F::binary_cross_entropy_with_logits(x, tape.constant(Tensor<float>({2}, {0, 1}))));
  CHECK(x.grad().data()[0] == 0.5f);
  CHECK(x.grad().data()[1] == -0.5f);
}

TEST_CASE("binary_cross_entropy_with_logits: gradients") {
  const auto f = [](Doubles x) { return F::binary_cross_entropy_with_logits(x[0], x[1]); };
  CHECK(gradcheck_op({{3, 4}, {3, 4}}, f) < 1e-6);
  CHECK(gradcheck_op({Shape{}, Shape{}}, f) < 1e-6);
  CHECK(gradcheck_op({{4}}, [](Doubles x) { return F::binary_cross_entropy_with_logits(x[0], x[0]) * x[0]; }) < 1e-6);
}

TEST_CASE("binary_cross_entropy_with_logits: errors") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2})), y = tape.constant(Tensor<float>({2, 1})),
             none = tape.constant(Tensor<float>({0}));
  CHECK_THROWS_WITH_AS(
      F::binary_cross_entropy_with_logits(x, y),
      "binary_cross_entropy_with_logits: logits of shape (2) and targets of shape (2, 1), expected equal "
      "shapes with at least one element",
      ShapeError);
  CHECK_THROWS_AS(F::binary_cross_entropy_with_logits(none, none), ShapeError);
}
