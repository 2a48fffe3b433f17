#include <minibert/ops/linear.hpp>

#include <doctest/doctest.h>

#include <minibert/autograd/autocast.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

namespace {

/// Reference: computes x·Wᵗ + b in double. b may be empty.
template <class T>
reference::Numbers twin(const std::vector<T>& x, const std::vector<T>& w, const std::vector<T>& b, index_t n,
                        index_t in, index_t out) {
  auto y = reference::gemm(n, out, in, kernels::Matrix<T>{x.data(), in}, kernels::Matrix<T>{w.data(), in}.transposed());
  for (index_t i = 0; i < core::length(y) && !b.empty(); ++i)
    core::at(y, i) += static_cast<double>(core::at(b, i % out));
  return y;
}

}  // namespace

TEST_CASE_TEMPLATE("linear: values, any number of leading dimensions", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-14;
  for (const Shape& shape : {Shape{3, 17}, Shape{2, 3, 17}, Shape{17}, Shape{0, 17}}) {
    INFO(to_string(shape));
    testing::Inputs<T> inputs{shape, {9, 17}, {9}};
    Tape<T> tape;
    const auto x = inputs.on(tape);
    const index_t n = x[0].numel() / 17;
    const auto plain = F::linear(x[0], x[1]), biased = F::linear(x[0], x[1], x[2]);
    CHECK(plain.size(-1) == 9);
    CHECK(plain.dim() == shape.dim());
    CHECK(plain.numel() == n * 9);
    CHECK(reference::relative_error(testing::values(plain), twin(inputs.values(0), inputs.values(1), {}, n, 17, 9)) <
          tolerance);
    auto expected = twin(inputs.values(0), inputs.values(1), inputs.values(2), n, 17, 9);
    CHECK(reference::relative_error(testing::values(biased), expected) < tolerance);
    for (double& y : expected) y = reference::gelu(y);
    CHECK(reference::relative_error(testing::values(F::linear_activation(x[0], x[1], x[2], Activation::gelu)),
                                    expected) < tolerance);
  }
}

TEST_CASE("linear: gradients") {
  const auto plain = [](Doubles x) { return F::linear(x[0], x[1]); };
  const auto biased = [](Doubles x) { return F::linear(x[0], x[1], x[2]); };
  const auto gelu = [](Doubles x) { return F::linear_activation(x[0], x[1], x[2], Activation::gelu); };
  const auto gelu_tanh = [](Doubles x) { return F::linear_activation(x[0], x[1], x[2], Activation::gelu_tanh); };
  for (const auto& shapes : {std::initializer_list<Shape>{{7, 5}, {3, 5}, {3}},
                             {{2, 3, 5}, {4, 5}, {4}},
                             {{5}, {3, 5}, {3}},
                             {{4, 1}, {1, 1}, {1}}}) {
    CHECK(gradcheck_op(shapes, plain) < 1e-6);
    CHECK(gradcheck_op(shapes, biased) < 1e-6);
    CHECK(gradcheck_op(shapes, gelu) < 1e-6);
    CHECK(gradcheck_op(shapes, gelu_tanh) < 1e-6);
  }
}

TEST_CASE("linear_activation: every activation, with and without a pass of its own") {
  for (const Activation kind :
       {Activation::gelu, Activation::gelu_tanh, Activation::relu, Activation::silu, Activation::tanh}) {
    const auto f = [&](Doubles x) { return F::linear_activation(x[0], x[1], x[2], kind); };
    testing::Inputs<double> inputs{{2, 3, 5}, {4, 5}, {4}};
    CHECK(gradcheck_op(inputs, f) < 1e-6);
    Tape<double> tape;
    const auto x = inputs.on(tape);
    const auto expected = testing::values(F::activation(F::linear(x[0], x[1], x[2]), kind));
    CHECK(reference::relative_error(testing::values(f(x)), expected) < 1e-14);
  }
}

TEST_CASE("linear: gradients only for those that want one") {
  for (const index_t frozen : {0, 1, 2}) {
    testing::Inputs<double> inputs{{4, 5}, {3, 5}, {3}};
    inputs[frozen].requires_grad = false;
    CHECK(gradcheck_op(inputs, [](Doubles x) { return F::linear(x[0], x[1], x[2]); }) < 1e-6);
    CHECK(gradcheck_op(inputs, [](Doubles x) { return F::linear_activation(x[0], x[1], x[2], Activation::gelu); }) <
          1e-6);
    CHECK_FALSE(inputs[frozen].has_grad);
  }
}

TEST_CASE("linear: rows without features are the bias; no rows are a gradient of zero") {
  Tape<double> tape;
  const auto bias = tape.constant(Tensor<double>({2}, {1, 2}));
  const auto y = F::linear(tape.constant(Tensor<double>({3, 0})), tape.constant(Tensor<double>({2, 0})), bias);
  CHECK(testing::values(y) == std::vector<double>{1, 2, 1, 2, 1, 2});
  testing::Inputs<double> inputs{{0, 4}, {2, 4}, {2}};
  CHECK(gradcheck_op(inputs, [](Doubles x) { return F::linear(x[0], x[1], x[2]); }) == 0);
  CHECK(inputs.grad(1) == std::vector<double>(8, 0));
}

TEST_CASE("linear: autocast to bf16, read in the forward pass, counts in the backward pass too") {
  testing::Inputs<float> full{{33, 40}, {20, 40}, {20}}, low{{33, 40}, {20, 40}, {20}};
  const auto run = [](testing::Inputs<float>& inputs, Precision precision) {
    Tape<float> tape;
    const auto x = inputs.on(tape);
    const Variable<float> y = [&] {
      const autocast guard(precision);
      return F::linear_activation(x[0], x[1], x[2], Activation::gelu);
    }();
    tape.backward(F::sum(F::mul(y, y)));
    return testing::values(y);
  };
  const auto differs_as_bf16_does = [](const auto& a, const auto& b) {
    const double error = reference::relative_error(a, b);
    return error > 1e-4 && error < 2e-2;
  };
  CHECK(differs_as_bf16_does(run(low, Precision::bf16), run(full, Precision::full)));
  CHECK(differs_as_bf16_does(low.grad(0), full.grad(0)));
  CHECK(differs_as_bf16_does(low.grad(1), full.grad(1)));
}

TEST_CASE("linear: errors") {
  Tape<float> tape;
  const auto of = [&](Shape shape) { return tape.constant(Tensor<float>(shape)); };
  CHECK_THROWS_WITH_AS(F::linear(of({2, 3}), of({4, 5})),
                       "linear: input of shape (2, 3), expected (…, 5), because the weight (out, in) has shape (4, 5)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::linear(of({}), of({4, 5})),
                       "linear: input of shape (), expected (…, 5), because the weight (out, in) has shape (4, 5)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(F::linear(of({2, 3}), of({3})), "linear: weight has shape (3), expected (out, in)", ShapeError);
  CHECK_THROWS_WITH_AS(F::linear(of({2, 3}), of({4, 3}), of({3})),
                       "linear: bias of shape (3), expected (4), because the weight (out, in) has shape (4, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      F::linear_activation(of({2, 3}), of({4, 3}), of({1, 4}), Activation::gelu),
      "linear_activation: bias of shape (1, 4), expected (4), because the weight (out, in) has shape (4, 3)",
      ShapeError);
}
