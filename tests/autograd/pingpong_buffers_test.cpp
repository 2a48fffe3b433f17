#include <minibert/autograd/pingpong_buffers.hpp>

#include <doctest/doctest.h>

#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
namespace F = functional;
using testing::Inputs;

namespace {

constexpr index_t kRows = 64, kColumns = 512;
constexpr std::size_t kResult = kRows * kColumns * sizeof(float);

/// Returns the output of `layers` layers. Each layer reads its input twice.
std::vector<float> run(Tape<float>& tape, Parameter<float>& p, int layers) {
  tape.reset();
  auto x = tape.parameter(p);
  PingPongBuffers<float> buffers(tape, x.shape());
  for (int i = 0; i < layers; ++i) x = buffers.run([&] { return F::tanh(F::gelu(F::softmax(F::gelu(x))) + x); });
  CHECK(x.requires_grad() == tape.recording());
  return testing::values(x);
}

}  // namespace

TEST_CASE("PingPongBuffers: the same values with and without recording, and gradients when recording") {
  Inputs<float> inputs{{kRows, kColumns}};
  Tape<float> recording, silent;
  const auto expected = run(recording, inputs[0], 5);
  {
    const no_grad guard;
    CHECK(run(silent, inputs[0], 5) == expected);
  }
  CHECK(recording.capacity() > silent.capacity());
  Inputs<double> small{{3, 4}};
  CHECK(testing::gradcheck_op(small, [](testing::Doubles x) {
          PingPongBuffers<double> buffers(x[0].tape(), x[0].shape());
          auto y = x[0];
          for (int i = 0; i < 3; ++i) y = buffers.run([&] { return F::tanh(y) * x[0]; });
          return y;
        }) < 1e-6);
}

TEST_CASE("PingPongBuffers: memory stays flat over any number of layers unless the tape records") {
  Inputs<float> inputs{{kRows, kColumns}};
  const auto capacity = [&](int layers) {
    Tape<float> tape;
    run(tape, inputs[0], layers);
    return tape.capacity();
  };
  CHECK(capacity(50) > 50 * kResult);
  const no_grad guard;
  const std::size_t few = capacity(2);
  CHECK(capacity(100) == few);
}

TEST_CASE("PingPongBuffers: the result before the last stays valid, older ones are overwritten") {
  Inputs<float> inputs{{2, 3}};
  const no_grad guard;
  Tape<float> tape;
  const auto x = tape.parameter(inputs[0]);
  PingPongBuffers<float> buffers(tape, x.shape());
  const auto a = buffers.run([&] { return F::exp(x); });
  const auto expected = testing::values(a);
  const auto b = buffers.run([&] { return a + a; });
  CHECK(testing::values(a) == expected);
  const auto c = buffers.run([&] { return b; });  // a layer may return its input
  CHECK(testing::values(c) == testing::values(b));
  CHECK(testing::values(a) == testing::values(c));
}

TEST_CASE("PingPongBuffers: a layer's result has another shape") {
  Inputs<float> inputs{{2, 3}};
  const no_grad guard;
  Tape<float> tape;
  PingPongBuffers<float> buffers(tape, Shape{3, 2});
  CHECK_THROWS_WITH_AS(buffers.run([&] { return tape.parameter(inputs[0]); }),
                       "scoped: the result has shape (2, 3), expected (3, 2), the shape of `to`", ShapeError);
}
