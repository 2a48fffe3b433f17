#include <minibert/autograd/no_grad.hpp>

#include <thread>

#include <doctest/doctest.h>

#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

TEST_CASE("no_grad: nothing is recorded while it lives, on this thread") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  {
    const no_grad guard;
    const no_grad inner;
    CHECK_FALSE(tape.recording());
    CHECK_FALSE(F::exp(inputs.on(tape)[0]).requires_grad());
    bool other = false;
    std::thread([&] { other = tape.recording(); }).join();
    CHECK(other);
  }
  CHECK(tape.recording());
  const auto x = inputs.on(tape)[0];
  CHECK(x.requires_grad());
  Variable<double> detached;
  {
    const no_grad guard;
    CHECK_FALSE(tape.parameter(inputs[0]).requires_grad());
    CHECK_FALSE(tape.variable(Tensor<double>({2})).requires_grad());
    detached = F::exp(x);
    CHECK_FALSE(detached.requires_grad());
  }
  tape.backward(F::sum(x * detached));
  for (index_t i = 0; i < 2; ++i) CHECK(core::at(inputs.grad(0), i) == std::exp(core::at(inputs.values(0), i)));
}

TEST_CASE("no_grad: a parameter is only read, and gets no memory for a gradient") {
  Inputs<double> inputs{{2}};
  Tape<double> tape;
  const no_grad guard;
  CHECK(F::sum(inputs.on(tape)[0]).item() == doctest::Approx(inputs.values(0)[0] + inputs.values(0)[1]));
  CHECK(inputs[0].grad == nullptr);
}
