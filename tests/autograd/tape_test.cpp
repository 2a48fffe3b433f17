#include <minibert/autograd/tape.hpp>

#include <bit>
#include <map>

#include <doctest/doctest.h>

#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

namespace {

/// 2·x, whose author forgot to record() it.
Variable<double> forgetful_double(Variable<double> x) {
  auto y = x.tape().empty("forgetful_double", x.shape(), {x});
  for (index_t i = 0; i < x.numel(); ++i) y.data()[i] = 2 * x.data()[i];
  return y;
}

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
  CHECK(inputs[0].grad == nullptr);  // no memory for gradients before something is recorded
  step();
  CHECK(inputs[0].has_grad);
  CHECK(inputs.grad(0) == inputs.values(1));
  CHECK(inputs.grad(1) == inputs.values(0));
  step();
  for (index_t i = 0; i < 3; ++i) CHECK(core::at(inputs.grad(0), i) == 2 * core::at(inputs.values(1), i));
  inputs.zero_grad();  // nobody fills with zeros: the first writer replaces
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
  CHECK(gradcheck_op({{4}}, [](Doubles x) {  // a diamond, and a value used before and after
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

TEST_CASE("backward: from a parameter, and from a loss before the last op") {
  Inputs<double> inputs{Shape{}, {2}};
  Tape<double> tape;
  const auto x = inputs.on(tape);
  tape.backward(x[0]);
  tape.backward(x[0]);
  CHECK(*inputs[0].grad == 2);
  const auto loss = F::sum(x[1]);
  const auto later = F::exp(loss);
  tape.backward(loss);
  CHECK(inputs.grad(1) == std::vector<double>{1, 1});
  tape.backward(later);  // a second loss on the same tape adds its own
  CHECK(inputs.grad(1)[0] == doctest::Approx(1 + later.item()));
}

TEST_CASE("backward: what it refuses") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  CHECK_THROWS_WITH_AS(tape.backward(x), "backward: the loss has shape (2), expected one element", ShapeError);
  const auto constant = tape.constant(Tensor<double>(Shape{}));
  CHECK_THROWS_WITH_AS(tape.backward(constant), "backward: nothing that the loss depends on requires a gradient",
                       ValueError);
  Tape<double> silent(Recording::off);
  CHECK_THROWS_AS(silent.backward(F::sum(inputs.on(silent)[0])), ValueError);
  Tape<double> other;
  CHECK_THROWS_WITH_AS(other.backward(F::sum(x)), "backward: the loss belongs to another tape", ValueError);
}

TEST_CASE("backward: an op that forgot record() is named") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const char* message = "backward: forgetful_double made a value with empty() and did not record() it";
  CHECK_THROWS_WITH_AS(tape.backward(F::sum(forgetful_double(inputs.on(tape)[0]))), message, ValueError);
  tape.reset();
  CHECK_THROWS_WITH_AS(tape.backward(forgetful_double(F::sum(inputs.on(tape)[0]))), message, ValueError);
  tape.reset();  // after which the tape works as ever
  inputs.zero_grad();
  tape.backward(F::sum(inputs.on(tape)[0]));
  CHECK(inputs.grad(0) == std::vector<double>{1, 1});
}

TEST_CASE("variables: used after reset(), on another tape, or before they have a value") {
  Inputs<double> inputs{{2}};
  Tape<double> tape, other;
  const auto x = inputs.on(tape)[0], foreign = inputs.on(other)[0];
  CHECK_THROWS_WITH_AS(F::add(x, foreign), "add: an input belongs to another tape", ValueError);
  tape.reset();
  CHECK_THROWS_WITH_AS(x.shape(), "a variable was used after its tape was reset", ValueError);
  const auto fresh = inputs.on(tape)[0];
  CHECK_THROWS_AS(F::add(fresh, x), ValueError);
  CHECK_THROWS_WITH_AS(Variable<double>().value(), "a variable was used before it was given a value", ValueError);
  CHECK_THROWS_AS(F::add(fresh, Variable<double>()), ValueError);
}

TEST_CASE("variables: the same parameter is the same variable, and its value is seen without a copy") {
  Inputs<double> inputs{{2, 3}};
  Tape<double> tape;
  const auto x = tape.parameter(inputs[0]), again = tape.parameter(inputs[0]);
  CHECK(x.data() == inputs[0].data);
  CHECK(again.data() == x.data());
  CHECK(x.value().rows() == 2);
  CHECK(x.value()(1, 2) == inputs[0].data[5]);
  CHECK_THROWS_WITH_AS(x.item(), "item: needs one element, the variable has shape (2, 3)", ShapeError);
  int finals = 0;
  tape.on_gradient_final = [&](Parameter<double>&) { ++finals; };
  tape.backward(F::sum(x + again));
  CHECK(finals == 1);
}

TEST_CASE("no_grad: nothing is recorded while it lives, on this thread") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  {
    const no_grad guard;
    const no_grad inner;
    CHECK_FALSE(tape.recording());
    CHECK_FALSE(F::exp(inputs.on(tape)[0]).requires_grad());
  }
  CHECK(tape.recording());
  const auto x = inputs.on(tape)[0];
  CHECK(x.requires_grad());
  Variable<double> detached;
  {
    const no_grad guard;
    CHECK_FALSE(tape.parameter(inputs[0]).requires_grad());
    detached = F::exp(x);
    CHECK_FALSE(detached.requires_grad());
  }
  tape.backward(F::sum(x * detached));
  for (index_t i = 0; i < 2; ++i) CHECK(core::at(inputs.grad(0), i) == std::exp(core::at(inputs.values(0), i)));
}

TEST_CASE("a tape that does not record: no graph, and scoped() reuses memory layer by layer") {
  Inputs<float> inputs{{64, 512}};
  const auto run = [&](Tape<float>& tape, int layers) {
    tape.reset();
    auto x = tape.parameter(inputs[0]);
    for (int i = 0; i < layers; ++i) {
      const auto to = tape.empty("layer", x.shape(), {x});
      x = tape.scoped(to, [&] { return F::tanh(F::gelu(F::softmax(F::gelu(x))) + x); });
    }
    CHECK(x.requires_grad() == tape.recording());
    return testing::values(x);
  };
  Tape<float> recording, silent(Recording::off);
  const auto expected = run(recording, 5);
  CHECK(run(silent, 5) == expected);
  const std::size_t few = silent.capacity(), result = 64 * 512 * sizeof(float);
  CHECK(recording.capacity() > few);
  run(silent, 24);
  CHECK(silent.capacity() <= std::bit_ceil((24 + 8) * result));  // a result a layer, nothing else; capacity doubles
}

TEST_CASE("scoped: two results by turns keep the memory flat over any number of layers") {
  Inputs<float> inputs{{64, 512}};
  Tape<float> tape(Recording::off);
  const auto run = [&](int layers) {
    tape.reset();
    auto x = tape.parameter(inputs[0]);
    Variable<float> to[2] = {tape.empty("layer", x.shape(), {x}), tape.empty("layer", x.shape(), {x})};
    for (int i = 0; i < layers; ++i) x = tape.scoped(to[i % 2], [&] { return F::gelu(F::gelu(x)); });
    return tape.capacity();
  };
  const std::size_t few = run(2);
  CHECK(run(100) <= few + 64 * 1024);
  CHECK_THROWS_AS(tape.scoped(tape.empty("layer", Shape{2}, {}), [&] { return inputs.on(tape)[0]; }), ShapeError);
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
  CHECK(seen.size() == 3);  // not the one that is not used
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
    Tape<float> tape(Recording::off);
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
