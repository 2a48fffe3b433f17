// The code that docs/own_op.md quotes; the last test compares them.
#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>

/// y = x·tanh(log(1 + eˣ)) (Misra, 2019). With t the tanh and σ(x) = 1/(1 + e⁻ˣ), dy/dx = t + x·(1 − t²)·σ.
template <class T>
minibert::Variable<T> mish(minibert::Variable<T> x) {
  using namespace minibert;
  Op<T> op("mish", x.tape());
  const Input<T> in = op.input(x);
  T* y = op.output(x.shape());
  const index_t n = in.numel();
  const T* px = in.data();
  T* t = op.tape().scratch(n);
  for (index_t i = 0; i < n; ++i) {
    t[i] = std::tanh(std::log1p(std::exp(px[i])));
    y[i] = px[i] * t[i];
  }
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(in), n,
                      [=](index_t i) { return dy[i] * (t[i] + px[i] * (1 - t[i] * t[i]) / (1 + std::exp(-px[i]))); });
  });
}

#include <minibert/autograd/gradcheck.hpp>
#include <minibert/ops/sum.hpp>

/// Below 1e-6 if the gradient is right.
double error_of_mish() {
  using namespace minibert;
  ParameterStore<double> store;
  Parameter<double>& p = store.declare("x", {3, 5});
  for (double& x : p.values()) x = 0.5;
  return gradcheck(store, [&](Tape<double>& tape) { return functional::sum(mish(tape.parameter(p))); });
}

#include <doctest/doctest.h>
#include <Eigen/Core>

#include "support/ops.hpp"
#include "support/quotes.hpp"

using namespace minibert;

TEST_CASE("an op of a user's own") {
  Tape<float> tape;
  const auto y = mish(tape.constant(Tensor<float>({2}, {0, 1})));
  CHECK(y.value()(0, 0) == 0);
  CHECK(y.value()(0, 1) == doctest::Approx(std::tanh(std::log(1 + std::exp(1.0)))));
  CHECK(error_of_mish() < 1e-6);
  CHECK(testing::gradcheck_op({{3, 5}}, [](testing::Doubles x) { return mish(x[0]); }) < 1e-6);
  CHECK(testing::gradcheck_op({{5}}, [](testing::Doubles x) { return mish(x[0]) * x[0] + mish(mish(x[0])); }) < 1e-6);
}

TEST_CASE("docs/own_op.md quotes the code above") {
  const std::string code = testing::repository_file("tests/ops/own_op_test.cpp");
  const auto blocks = testing::cpp_blocks("docs/own_op.md");
  CHECK(blocks.size() == 2);
  for (const std::string& block : blocks) CHECK(code.find(block) != std::string::npos);
}
