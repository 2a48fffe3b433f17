#include <minibert/autograd/variable.hpp>

#include <array>
#include <sstream>
#include <type_traits>

#include <doctest/doctest.h>
#include <Eigen/Core>

#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

// A backward step must be trivially copyable. So it can capture an Input, but not a Variable.
static_assert(!std::is_trivially_copyable_v<Variable<float>>);
static_assert(std::is_trivially_copyable_v<Input<float>>);
static_assert(std::is_copy_assignable_v<Variable<float>>);

TEST_CASE("Variable: a lambda that captures one is not trivially copyable") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  const auto by_value = [x] { return x.numel(); };
  const auto initialized = [y = x + x] { return y.numel(); };
  const auto in_array = [a = std::array{x, x}] { return a[0].numel(); };
  CHECK_FALSE(std::is_trivially_copyable_v<decltype(by_value)>);
  CHECK_FALSE(std::is_trivially_copyable_v<decltype(initialized)>);
  CHECK_FALSE(std::is_trivially_copyable_v<decltype(in_array)>);
  CHECK(by_value() == initialized());
  CHECK(in_array() == 2);
}

TEST_CASE("Variable: the value of a parameter is seen without a copy, as rows of the last dimension") {
  Inputs<double> inputs{{2, 3}};
  Tape<double> tape;
  const auto x = tape.parameter(inputs[0]);
  CHECK(x.data() == inputs[0].data);
  CHECK(x.value().rows() == 2);
  CHECK(x.value()(1, 2) == inputs[0].data[5]);
  CHECK(tape.constant(Tensor<double>(Shape{}, {7})).value()(0, 0) == 7);
  CHECK(tape.constant(Tensor<double>({2, 0})).value().rows() == 0);
  CHECK(tape.constant(Tensor<double>({4, 2, 3})).value().rows() == 8);
}

TEST_CASE("Variable: tensor() is a copy, item() needs one element") {
  Inputs<double> inputs{{2, 3}, {1, 1}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const Tensor<double> copy = x[0].tensor();
  inputs[0].data[0] += 1;
  CHECK(copy.shape() == Shape{2, 3});
  CHECK(copy.data()[0] + 1 == inputs[0].data[0]);
  CHECK(x[1].item() == *inputs[1].data);
  CHECK_THROWS_WITH_AS(x[0].item(), "item: needs one element, the variable has shape (2, 3)", ShapeError);
}

TEST_CASE("Variable: printed as its value") {
  Tape<float> tape;
  const auto x = tape.constant(Tensor<float>({2, 2}, {1, 2, 3, 4}));
  CHECK(to_string(x) == "tensor([[1.0000, 2.0000],\n        [3.0000, 4.0000]])");
  std::ostringstream text;
  text << x << '!';
  CHECK(text.str() == to_string(x) + "!");
  tape.reset();
  CHECK_THROWS_AS(to_string(x), ValueError);
}

TEST_CASE("Variable: used after reset(), on another tape, or before it has a value") {
  Inputs<double> inputs{{2}};
  Tape<double> tape, other;
  const auto x = inputs.on(tape)[0], foreign = inputs.on(other)[0];
  CHECK_THROWS_WITH_AS(F::add(x, foreign), "add: an input belongs to another tape; make all inputs on one tape",
                       ValueError);
  tape.reset();
  CHECK_THROWS_WITH_AS(
      x.shape(), "a variable was used after its tape was reset; compute it again, or copy its value before reset()",
      ValueError);
  CHECK_THROWS_AS(x.value(), ValueError);
  CHECK_THROWS_AS(x.retain_grad(), ValueError);
  CHECK_THROWS_AS(x.grad(), ValueError);
  const auto fresh = inputs.on(tape)[0];
  CHECK_THROWS_AS(F::add(fresh, x), ValueError);
  CHECK_THROWS_WITH_AS(Variable<double>().value(), "a variable was used before it was given a value", ValueError);
  CHECK_THROWS_AS(F::add(fresh, Variable<double>()), ValueError);
}

TEST_CASE("grad: of Tape::variable, replaced and added to") {
  Tape<double> tape;
  Tensor<double> numbers({3}, {1, 2, 3});
  const auto x = tape.variable(numbers);
  numbers.data()[0] = 9;  // does not change the variable, which has a copy
  CHECK(x.requires_grad());
  CHECK(testing::values(x) == std::vector<double>{1, 2, 3});
  const char* none = "grad: the variable has no gradient; call backward() on a loss that depends on it";
  CHECK_THROWS_WITH_AS(x.grad(), none, ValueError);
  tape.backward(F::sum(x * x));
  CHECK(x.grad().shape() == Shape{3});
  CHECK(x.grad().vector() == Tensor<double>({3}, {2, 4, 6}).vector());
  tape.backward(F::sum(x));  // adds to the gradient of the first loss
  CHECK(x.grad().vector() == Tensor<double>({3}, {3, 5, 7}).vector());
  const auto unused = tape.variable(numbers);
  tape.backward(F::sum(x));
  CHECK_THROWS_WITH_AS(unused.grad(), none, ValueError);
  const auto scalar = tape.variable(Tensor<double>(Shape{}, {3}));
  tape.backward(scalar);
  CHECK(scalar.grad().item() == 1);
}

TEST_CASE("grad: of an intermediate value that retains it, and of no other") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0], y = x * x, z = F::exp(y), w = z + y;
  y.retain_grad();
  const auto loss = F::sum(w);
  loss.retain_grad();
  tape.backward(loss);
  for (index_t i = 0; i < 2; ++i) {
    const double slope = 1 + core::at(testing::values(z), i);
    CHECK(y.grad().data()[i] == doctest::Approx(slope));
    CHECK(x.grad().data()[i] == doctest::Approx(2 * inputs[0].data[i] * slope));  // kept by the parameter
  }
  CHECK(loss.grad().item() == 1);
  const char* lost = "grad: the variable has no gradient; call retain_grad() on it before backward()";
  CHECK_THROWS_WITH_AS(z.grad(), lost, ValueError);
  CHECK_THROWS_WITH_AS(w.grad(), lost, ValueError);
}

TEST_CASE("grad: a backward step that overwrites dy leaves the retained gradient alone") {
  Inputs<double> inputs{{3, 4}, {2, 4}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto y = F::linear_activation(x[0], x[1], x[2], Activation::gelu);
  y.retain_grad();
  tape.backward(testing::weighted_sum(y));
  CHECK(testing::values(tape.constant(y.grad())) == reference::normal<double>(6, 7));
  const auto weight = inputs.grad(1);
  inputs.zero_grad();
  tape.reset();  // without retain_grad(), the weight has the same gradient
  const auto again = inputs.on(tape);
  tape.backward(testing::weighted_sum(F::linear_activation(again[0], again[1], again[2], Activation::gelu)));
  CHECK(inputs.grad(1) == weight);
}

TEST_CASE("grad: errors") {
  Inputs<double> inputs{{2}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto constant = tape.constant(Tensor<double>({2}));
  CHECK_THROWS_WITH_AS(constant.retain_grad(),
                       "retain_grad: the variable requires no gradient; compute it from a parameter or "
                       "Tape::variable(), outside of no_grad",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      constant.grad(),
      "grad: the variable requires no gradient; compute it from a parameter or Tape::variable(), outside of no_grad",
      ValueError);
  tape.backward(F::sum(x[0] * constant));
  CHECK_NOTHROW(x[0].grad());
  // the loss does not depend on x[1]
  CHECK_THROWS_WITH_AS(
      x[1].grad(), "grad: the parameter b has no gradient; call backward() on a loss that depends on it", ValueError);
  inputs[1].requires_grad = false;
  CHECK_THROWS_WITH_AS(tape.parameter(inputs[1]).grad(),
                       "grad: the parameter b has no gradient; set its requires_grad to true", ValueError);
  inputs.zero_grad();
  CHECK_THROWS_AS(x[0].grad(), ValueError);
}
