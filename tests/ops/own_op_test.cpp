// The code of docs/own_op.md; the last test here compares.
#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>

/// y = x·σ(x) (Hendrycks and Gimpel, 2016), σ(x) = 1/(1 + e⁻ˣ); dy/dx = σ·(1 + x·(1 − σ)).
template <class T>
minibert::Variable<T> silu(minibert::Variable<T> x) {
  using namespace minibert;
  Op<T> op("silu", x.tape());
  const Input<T> in = op.input(x);
  T* y = op.output(x.shape());
  const index_t n = in.numel();
  const T* px = in.data();
  T* sigma = op.tape().scratch(n);
  for (index_t i = 0; i < n; ++i) {
    sigma[i] = T{1} / (T{1} + std::exp(-px[i]));
    y[i] = px[i] * sigma[i];
  }
  return op.record([=](const T* dy, Gradients<T>& g) {
    kernels::generate(g.slot(in), n, [=](index_t i) { return dy[i] * sigma[i] * (1 + px[i] * (1 - sigma[i])); });
  });
}

#include <minibert/autograd/gradcheck.hpp>
#include <minibert/ops/sum.hpp>

/// Below 1e-6 if the gradient is right.
double error_of_silu() {
  using namespace minibert;
  ParameterStore<double> store;
  Parameter<double>& p = store.declare("x", {3, 5});
  for (double& x : p.values()) x = 0.5;
  return gradcheck(store, [&](Tape<double>& tape) { return functional::sum(silu(tape.parameter(p))); });
}

#include <doctest/doctest.h>

#include "support/ops.hpp"
#include "support/quotes.hpp"

using namespace minibert;

TEST_CASE("an op of a user's own") {
  Tape<float> tape;
  const auto y = silu(tape.constant(Tensor<float>({2}, {0, 1})));
  CHECK(y.value()(0, 0) == 0);
  CHECK(y.value()(0, 1) == doctest::Approx(1 / (1 + std::exp(-1.0))));
  CHECK(error_of_silu() < 1e-6);
  CHECK(testing::gradcheck_op({{3, 5}}, [](testing::Doubles x) { return silu(x[0]); }) < 1e-6);
  CHECK(testing::gradcheck_op({{5}}, [](testing::Doubles x) { return silu(x[0]) * x[0] + silu(silu(x[0])); }) < 1e-6);
}

TEST_CASE("docs/own_op.md quotes the code above") {
  const std::string code = testing::repository_file("tests/ops/own_op_test.cpp");
  const auto blocks = testing::cpp_blocks("docs/own_op.md");
  CHECK(blocks.size() == 2);
  for (const std::string& block : blocks) CHECK(code.find(block) != std::string::npos);
}
