#include <minibert/ops/activation.hpp>

#include <doctest/doctest.h>

#include <minibert/ops/gelu.hpp>
#include <minibert/ops/unary.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Doubles;
using testing::gradcheck_op;

TEST_CASE("activation: the function of that name") {
  testing::Inputs<double> inputs{{3, 7}};
  Tape<double> tape;
  const auto x = inputs.on(tape)[0];
  const auto of = [&](Activation kind) { return testing::values(F::activation(x, kind)); };
  CHECK(of(Activation::gelu) == testing::values(F::gelu(x)));
  CHECK(of(Activation::gelu_tanh) == testing::values(F::gelu_tanh(x)));
  CHECK(of(Activation::relu) == testing::values(F::relu(x)));
  CHECK(of(Activation::silu) == testing::values(F::silu(x)));
  CHECK(of(Activation::tanh) == testing::values(F::tanh(x)));
  CHECK_THROWS_WITH_AS(F::activation(x, static_cast<Activation>(99)),
                       "activation: found 99, expected Activation::gelu, gelu_tanh, relu, silu or tanh", ValueError);
}
