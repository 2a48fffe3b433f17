#include <minibert/autograd/tape.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

namespace {

struct AttentionInputs {
  Variable<double> q, k, v;
};

}  // namespace

TEST_CASE("backward: gradients of parameters; the first writer replaces, later steps accumulate") {
  Inputs<double> inputs{{3}, {3}};
  Tape<double> tape;
  const auto step = [&] {
    tape.reset();
    const auto x = inputs.on(tape);
    tape.backward(F::sum(x[0] * x[1]));
  };
  CHECK_FALSE(inputs[0].has_grad);
  CHECK(inputs[0].grad == nullptr);  // no memory for the gradient before the first backward pass
  step();
  CHECK(inputs[0].has_grad);
  CHECK(inputs.grad(0) == inputs.values(1));
  CHECK(inputs.grad(1) == inputs.values(0));
  step();
  for (index_t i = 0; i < 3; ++i) CHECK(core::at(inputs.grad(0), i) == 2 * core::at(inputs.values(1), i));
  inputs.zero_grad();  // does not fill the gradient with zeros; the next backward pass overwrites it
  inputs[0].grad[1] = std::nan("");
  step();
  CHECK(inputs.grad(0) == inputs.values(1));
}

TEST_CASE("backward: a parameter that the loss does not depend on has no gradient") {
  Inputs<double> inputs{{3}, {3}, {3}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto unused = x[1] * x[1];
  tape.backward(F::sum(x[0] + x[0]));
  CHECK(unused.requires_grad());
  CHECK(inputs[0].has_grad);
  CHECK_FALSE(inputs[1].has_grad);
  CHECK_FALSE(inputs[2].has_grad);
}

TEST_CASE("backward: a frozen parameter is a constant") {
  Inputs<double> inputs{{3}, {3}};
  inputs[0].requires_grad = false;
  Tape<double> tape;
  const auto x = inputs.on(tape);
  CHECK_FALSE(x[0].requires_grad());
  CHECK_FALSE((x[0] * x[0]).requires_grad());
  tape.backward(F::sum(x[0] * x[1]));
  CHECK_FALSE(inputs[0].has_grad);
  CHECK(inputs.grad(1) == inputs.values(0));
}

TEST_CASE("backward: one variable in several places of an op, or in several ops") {
  using testing::Doubles;
  using testing::gradcheck_op;
  const reference::OwnedSequences sequences({3, 5});
  CHECK(gradcheck_op({{4}}, [](Doubles x) { return F::add(x[0], x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{4}}, [](Doubles x) { return F::sub(x[0], x[0]) + x[0]; }) < 1e-6);
  CHECK(gradcheck_op({{4}}, [](Doubles x) { return F::mul(x[0], x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{4}}, [](Doubles x) { return F::div(x[0], x[0]) * x[0]; }) < 1e-6);
  CHECK(gradcheck_op({{3, 3}}, [](Doubles x) { return F::matmul(x[0], x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{3, 3}}, [](Doubles x) { return F::linear(x[0], x[0]); }) < 1e-6);
  CHECK(gradcheck_op({{4, 5}, {5}}, [](Doubles x) { return F::layer_norm(x[0], x[1], x[1], 1e-5); }) < 1e-6);
  CHECK(gradcheck_op({{5}}, [](Doubles x) { return F::layer_norm(x[0], x[0], x[0], 1e-5); }) < 1e-6);
  CHECK(gradcheck_op({{4, 5}, {5}, {5}}, [](Doubles x) { return F::add_layer_norm(x[0], x[0], x[1], x[2], 1e-5); }) <
        1e-6);
  const auto self = [&](const AttentionInputs& in) { return F::attention(in.q, in.k, in.v, 2, sequences.view()); };
  CHECK(gradcheck_op({{8, 4}}, [&](Doubles x) { return self({x[0], x[0], x[0]}); }) < 1e-6);
  CHECK(gradcheck_op({{8, 4}, {8, 4}}, [&](Doubles x) { return self({x[0], x[0], x[1]}); }) < 1e-6);
  CHECK(gradcheck_op({{8, 4}, {8, 4}}, [&](Doubles x) { return self({x[0], x[1], x[0]}); }) < 1e-6);
  CHECK(gradcheck_op({{8, 4}, {8, 4}}, [&](Doubles x) { return self({x[1], x[0], x[0]}); }) < 1e-6);
  CHECK(gradcheck_op({{4}}, [](Doubles x) {  // y has several consumers, some of which depend on each other
          const auto y = F::exp(x[0]), z = y * x[0];
          return F::div(z + y, F::exp(y)) + x[0] * y;
        }) < 1e-6);
}

TEST_CASE("backward: a tied parameter gets both gradients") {
  const std::vector<token_id> ids{1, 4, 1};
  CHECK(testing::gradcheck_op({{5, 3}}, [&](testing::Doubles x) {
          return F::linear(F::tanh(F::embedding<double>(x[0], ids)), x[0]);
        }) < 1e-6);
}

TEST_CASE("backward: from a parameter") {
  Inputs<double> inputs{Shape{}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  tape.backward(x);
  tape.backward(x);
  CHECK(*inputs[0].grad == 2);
}

TEST_CASE("backward: two losses that share parameters only add their gradients") {
  Inputs<double> inputs{{2}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto first = F::sum(x[0] * x[1]), second = F::sum(x[0]);
  const auto unrelated = F::exp(first);
  tape.backward(first);
  CHECK(inputs.grad(0) == inputs.values(1));
  tape.backward(second);
  for (index_t i = 0; i < 2; ++i) CHECK(core::at(inputs.grad(0), i) == core::at(inputs.values(1), i) + 1);
  CHECK(inputs.grad(1) == inputs.values(0));
  CHECK(unrelated.requires_grad());
}

TEST_CASE("backward: a value is differentiated once") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  const std::string message =
      " was differentiated before; add the losses and call backward() once, or record the op again";
  SUBCASE("the same loss twice") {
    const auto loss = F::sum(x * x);
    tape.backward(loss);
    CHECK_THROWS_WITH_AS(tape.backward(loss), ("backward: sum" + message).c_str(), ValueError);
  }
  SUBCASE("a loss that depends on an earlier one") {
    const auto loss = F::sum(x);
    const auto later = F::exp(loss);
    tape.backward(loss);
    CHECK_THROWS_WITH_AS(tape.backward(later), ("backward: sum" + message).c_str(), ValueError);
  }
  SUBCASE("two losses that share a value") {
    const auto shared = F::exp(x);
    const auto first = F::sum(shared), second = F::sum(shared * shared);
    tape.backward(first);
    CHECK_THROWS_WITH_AS(tape.backward(second), ("backward: exp" + message).c_str(), ValueError);
  }
  SUBCASE("the sum of two losses that share a value is one loss") {
    const auto shared = F::exp(x);
    tape.backward(F::sum(shared) + F::sum(shared * shared));
    for (index_t i = 0; i < 2; ++i) {
      const double y = std::exp(core::at(inputs.values(0), i));
      CHECK(core::at(inputs.grad(0), i) == doctest::Approx(y + 2 * y * y));
    }
  }
  tape.reset();  // makes the tape usable again
  inputs.zero_grad();
  tape.backward(F::sum(inputs.on(tape)[0]));
  CHECK(inputs.grad(0) == std::vector<double>{1, 1});
}

TEST_CASE("backward: what it refuses") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  CHECK_THROWS_WITH_AS(tape.backward(x), "backward: the loss has shape (2), expected one element", ShapeError);
  const auto constant = tape.constant(Tensor<double>(Shape{}));
  CHECK_THROWS_WITH_AS(
      tape.backward(constant),
      "backward: the loss requires no gradient; compute it from a parameter or Tape::variable(), outside of no_grad",
      ValueError);
  {
    const no_grad guard;
    CHECK_THROWS_AS(tape.backward(F::sum(inputs.on(tape)[0])), ValueError);
  }
  Tape<double> other;
  CHECK_THROWS_WITH_AS(other.backward(F::sum(x)),
                       "backward: the loss belongs to another tape; call backward() on the tape that computed it",
                       ValueError);
}

TEST_CASE("parameter: the same variable for the same parameter until reset()") {
  Inputs<double> inputs{{2, 3}};
  Tape<double> tape;
  const auto x = tape.parameter(inputs[0]), again = tape.parameter(inputs[0]);
  CHECK(x.data() == again.data());
  int finals = 0;
  tape.on_gradient_final = [&](Parameter<double>&) { ++finals; };
  tape.backward(F::sum(x + again));
  CHECK(finals == 1);
}

TEST_CASE("scoped: without recording, all memory but the result is given back") {
  Inputs<float> inputs{{64, 512}};
  const auto run = [&](int layers) {
    Tape<float> tape;
    auto x = tape.parameter(inputs[0]);
    for (int i = 0; i < layers; ++i) {
      const auto to = tape.buffer(x.shape());
      x = tape.scoped(to, [&] { return F::tanh(F::gelu(F::softmax(F::gelu(x))) + x); });
    }
    return std::pair(testing::values(x), tape.capacity());
  };
  const auto [expected, everything] = run(24);
  const no_grad guard;
  const auto [found, capacity] = run(24);
  CHECK(found == expected);
  const std::size_t result = 64 * 512 * sizeof(float);
  // The tape keeps one result per layer, and memory of at most 8 results for everything else. Its capacity doubles as
  // it grows, so it may be rounded up to a power of two.
  CHECK(capacity <= std::bit_ceil((24 + 8) * result));
  CHECK(capacity < everything);
  Tape<float> tape;
  CHECK_THROWS_AS(tape.scoped(tape.buffer(Shape{2}), [&] { return inputs.on(tape)[0]; }), ShapeError);
}

TEST_CASE("on_gradient_final: once per parameter, after its last write") {
  Inputs<double> inputs{{2}, {2}, {2}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  const auto loss = F::sum(x[0] * F::exp(x[1] * F::exp(x[0]))) + F::sum(x[2]);
  std::map<std::string, std::vector<double>> seen;
  tape.on_gradient_final = [&](Parameter<double>& p) {
    CHECK(seen.count(p.name) == 0);
    seen[p.name] = {p.grad, p.grad + p.numel()};
  };
  tape.backward(loss);
  CHECK(seen.size() == 3);  // not inputs[3], which the loss does not use
  for (const index_t i : {0, 1, 2}) CHECK(seen[inputs[i].name] == inputs.grad(i));
}

TEST_CASE("on_gradient_final: while later layers are final, earlier ones are still to come") {
  Inputs<double> inputs{{2, 2}, {2, 2}, {2, 2}};
  Tape<double> tape;
  auto y = tape.constant(Tensor<double>({1, 2}, {1.0, 2.0}));
  for (index_t i = 0; i < 3; ++i) y = F::tanh(F::linear(y, tape.parameter(inputs[i])));
  std::string order;
  tape.on_gradient_final = [&](Parameter<double>& p) { order += p.name; };
  tape.backward(F::sum(y));
  CHECK(order == "cba");
}

TEST_CASE("several threads of a user's own, more than num_threads(), one tape each") {
  Inputs<float> inputs{{70, 33}, {20, 33}};
  const auto run = [&] {
    const no_grad guard;
    Tape<float> tape;
    const auto x = inputs.on(tape);
    return testing::values(F::linear(x[0], x[1]));
  };
  const auto expected = run();
  std::vector<std::vector<float>> found(8);
#ifdef _OPENMP
#pragma omp parallel for num_threads(8)
#endif
  for (int i = 0; i < 8; ++i) found[static_cast<std::size_t>(i)] = run();
  for (const auto& y : found) CHECK(y == expected);
}

TEST_CASE("find_anomaly names the op that first made a NaN or an infinite value, and the parameter that holds one") {
  Inputs<double> inputs{{3}, {3}};
  Tape<double> tape;
  std::fill_n(inputs[0].data, 3, 4.0);
  const auto anomaly = [&] {
    tape.reset();
    const auto x = inputs.on(tape);
    const Variable<double> root = F::sqrt(x[0]), large = F::exp(root * x[1]);
    F::sum(large - large * F::mean(x[1]));
    return tape.find_anomaly();
  };
  CHECK(anomaly() == "");
  inputs[0].data[1] = -1;
  CHECK(anomaly() == "sqrt has nan at element 1 of shape (3)");
  inputs[0].data[1] = 4;
  inputs[1].data[2] = 1e9;
  CHECK(anomaly() == "sub has nan at element 2 of shape (3); exp has inf at element 2 of shape (3)");
  inputs[1].data[2] = std::numeric_limits<double>::infinity();
  CHECK(anomaly().ends_with("has inf at element 2 of shape (3)"));
  CHECK(anomaly().find("parameter ") != std::string::npos);
}

TEST_CASE("with detect_anomaly, backward() names the op that first made a gradient that is not finite") {
  Inputs<double> inputs{{3}};
  Tape<double> tape;
  std::fill_n(inputs[0].data, 3, 4.0);
  inputs[0].data[2] = 0;
  const auto differentiate = [&] {
    inputs.zero_grad();
    tape.reset();
    const auto x = inputs.on(tape);
    tape.backward(F::sum(F::tanh(F::sqrt(F::exp(x[0]) - F::exp(x[0])))));
  };
  CHECK_NOTHROW(differentiate());
  tape.detect_anomaly = true;
  CHECK_THROWS_WITH_AS(differentiate(),
                       "backward of sqrt: the gradient of the result of sub has inf at element 0 of "
                       "shape (3)",
                       Error);
  tape.detect_anomaly = false;
  CHECK_NOTHROW(differentiate());
}
