#include <minibert/ops/unary.hpp>

#include <doctest/doctest.h>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE_TEMPLATE("exp, log, sqrt, tanh: values and shape", T, float, double) {
  Tape<T> tape;
  const auto x = tape.constant(Tensor<T>({2, 2}, {T(0.25), 1, 4, 9}));
  CHECK(F::exp(x).shape() == Shape{2, 2});
  for (index_t i = 0; i < 4; ++i) {
    const T v = core::at(testing::values(x), i);
    CHECK(core::at(testing::values(F::exp(x)), i) == std::exp(v));
    CHECK(core::at(testing::values(F::log(x)), i) == std::log(v));
    CHECK(core::at(testing::values(F::sqrt(x)), i) == std::sqrt(v));
    CHECK(core::at(testing::values(F::tanh(x)), i) == std::tanh(v));
  }
}

TEST_CASE("exp, log, sqrt, tanh: gradients") {
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::exp(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::tanh(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::log(F::exp(x[0])); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::log(F::exp(x[0]) + x[0] * x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::sqrt(F::exp(x[0])); }) < 1e-6);
  CHECK(gradcheck_op({Shape{}}, [](Doubles x) { return F::exp(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{0}}, [](Doubles x) { return F::exp(x[0]); }) == 0);
}

TEST_CASE_TEMPLATE("sigmoid, relu, silu: values", T, float, double) {
  testing::Inputs<T> inputs{{3, 21}};
  Tape<T> tape;
  const auto x = inputs.on(tape)[0];
  reference::Numbers sigmoid, relu, silu;
  for (const double v : reference::widen(inputs.values(0))) {
    sigmoid.push_back(1 / (1 + std::exp(-v)));
    relu.push_back(std::max(v, 0.0));
    silu.push_back(v / (1 + std::exp(-v)));
  }
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  CHECK(F::silu(x).shape() == Shape{3, 21});
  CHECK(reference::relative_error(testing::values(F::sigmoid(x)), sigmoid) < tolerance);
  CHECK(reference::relative_error(testing::values(F::relu(x)), relu) == 0);
  CHECK(reference::relative_error(testing::values(F::silu(x)), silu) < tolerance);
}

TEST_CASE("sigmoid, relu, silu: gradients") {
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::sigmoid(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::relu(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{2, 3}}, [](Doubles x) { return F::silu(x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{5}}, [](Doubles x) { return F::silu(F::sigmoid(x[0]) * x[0]) + F::relu(x[0]); }) < 1e-6);
}

TEST_CASE("sigmoid, relu, silu: large arguments, zero and NaN") {
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>({4}, {1000, -1000, 0, std::nanf("")}));
  const auto sigmoid = testing::values(F::sigmoid(x)), relu = testing::values(F::relu(x)),
             silu = testing::values(F::silu(x));
  CHECK(std::vector(sigmoid.begin(), sigmoid.begin() + 3) == std::vector<float>{1, 0, 0.5f});
  CHECK(std::vector(relu.begin(), relu.begin() + 3) == std::vector<float>{1000, 0, 0});
  CHECK(std::vector(silu.begin(), silu.begin() + 3) == std::vector<float>{1000, 0, 0});
  for (const auto& y : {sigmoid, relu, silu}) CHECK(std::isnan(y[3]));
  tape.backward(F::sum(F::relu(x)));
  const Tensor<float> dx = x.grad();
  CHECK(std::vector(dx.data(), dx.data() + 3) == std::vector<float>{1, 0, 0});  // the gradient at 0 is 0, as in PyTorch
}

TEST_CASE("the same gradients when a variable has other uses") {
  CHECK(gradcheck_op({{5}}, [](Doubles x) { return F::exp(x[0]) + F::tanh(x[0]) * F::exp(x[0]); }) < 1e-6);
}
