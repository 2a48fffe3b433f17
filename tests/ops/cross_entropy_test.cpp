#include <minibert/ops/cross_entropy.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("cross_entropy: values, rows that do not count, a divisor of one's own", T, float, double) {
  testing::Inputs<T> inputs{{4, 21}};
  const std::vector<token_id> labels{20, -100, 0, 7}, odd{20, 5, 0, 7};
  reference::Numbers lse;
  reference::softmax(reference::widen(inputs.values(0)), 4, 21, &lse);
  double total = 0;
  for (const index_t i : {0, 2, 3})
    total += core::at(lse, i) - static_cast<double>(core::at(inputs.values(0), i * 21 + core::at(labels, i)));
  Tape<T> tape;
  const auto x = inputs.on(tape)[0];
  const double epsilon = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  const auto loss = F::cross_entropy<T>(x, labels);
  CHECK(loss.shape() == Shape{});
  CHECK(loss.item() == doctest::Approx(total / 3).epsilon(epsilon));
  CHECK(F::cross_entropy<T>(x, labels, 10).item() == doctest::Approx(total / 10).epsilon(epsilon));
  CHECK(F::cross_entropy<T>(x, odd, std::nullopt, 5).item() == doctest::Approx(total / 3).epsilon(epsilon));
}

TEST_CASE("cross_entropy: gradients") {
  const std::vector<token_id> labels{4, -100, 0, 2};
  CHECK(gradcheck_op({{4, 5}}, [&](Doubles x) { return F::cross_entropy<double>(x[0], labels); }) < 1e-6);
  CHECK(gradcheck_op({{4, 5}}, [&](Doubles x) { return F::cross_entropy<double>(x[0], labels, 17); }) < 1e-6);
  testing::Inputs<double> inputs{{4, 5}};
  Tape<double> tape;
  tape.backward(F::cross_entropy<double>(inputs.on(tape)[0], labels));
  for (index_t j = 0; j < 5; ++j) CHECK(core::at(inputs.grad(0), 5 + j) == 0);
}

TEST_CASE("cross_entropy: no items are a loss of 0 without a gradient, never NaN") {
  testing::Inputs<double> inputs{{2, 5}, {0, 5}};
  const std::vector<token_id> ignored{-100, -100}, none;
  for (const index_t i : {0, 1}) {
    Tape<double> tape;
    const auto x = inputs.on(tape)[static_cast<std::size_t>(i)];
    const auto loss = F::cross_entropy<double>(x + x, i == 0 ? ignored : none);
    CHECK(loss.item() == 0);
    CHECK(loss.requires_grad());
    tape.backward(loss);
    CHECK_FALSE(inputs[i].has_grad);
  }
}

TEST_CASE("cross_entropy: nothing that counts here, but elsewhere in the batch, is a gradient of zero") {
  testing::Inputs<double> inputs{{2, 5}};
  const std::vector<token_id> ignored{-100, -100};
  Tape<double> tape;
  const auto loss = F::cross_entropy<double>(inputs.on(tape)[0], ignored, 7);
  CHECK(loss.item() == 0);
  tape.backward(loss);
  CHECK(inputs.grad(0) == std::vector<double>(10, 0));
}

TEST_CASE("cross_entropy: the parts of a batch sum to the whole") {
  testing::Inputs<double> inputs{{4, 5}};
  const std::vector<token_id> labels{4, 1, 0, 2};
  Tape<double> tape;
  tape.backward(F::cross_entropy<double>(inputs.on(tape)[0], labels));
  const auto whole = inputs.grad(0);
  inputs.zero_grad();
  for (const token_id part : {0, 1}) {
    tape.reset();
    std::vector<token_id> some = labels;
    for (const index_t i : {0, 1}) core::at(some, 2 * part + i) = -100;
    tape.backward(F::cross_entropy<double>(inputs.on(tape)[0], some, 4));
  }
  CHECK(reference::relative_error(inputs.grad(0), whole) < 1e-15);
}

TEST_CASE("cross_entropy: errors") {
  Tape<float> tape;
  const auto logits = tape.constant(Tensor<float>({2, 5}));
  const std::vector<token_id> high{0, 5}, low{-1, 0}, more{0, 0, 0}, good{0, 1};
  CHECK_THROWS_WITH_AS(F::cross_entropy<float>(logits, high),
                       "cross_entropy: label 5 of row 1, expected 0 to 4, or ignore_index, -100", ValueError);
  CHECK_THROWS_WITH_AS(F::cross_entropy<float>(logits, low),
                       "cross_entropy: label -1 of row 0, expected 0 to 4, or ignore_index, -100", ValueError);
  CHECK_THROWS_WITH_AS(F::cross_entropy<float>(logits, more),
                       "cross_entropy: logits of shape (2, 5) for 3 labels, expected (3, classes)", ShapeError);
  CHECK_THROWS_WITH_AS(F::cross_entropy<float>(logits, good, -1), "cross_entropy: num_items is -1, expected at least 0",
                       ValueError);
}
