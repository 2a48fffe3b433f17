#include <minibert/autograd/gradcheck.hpp>

#include <doctest/doctest.h>

#include <minibert/autograd/op.hpp>
#include <minibert/ops/functional.hpp>

#include "support/ops.hpp"

using namespace minibert;
using testing::Doubles;

namespace {

/// Computes x². The backward step multiplies the gradient by slope(x), which is correct if slope(x) is 2x.
template <class Slope>
Variable<double> square(Variable<double> x, Slope slope) {
  Op<double> op("square", x.tape());
  const Input<double> in = op.input(x);
  double* y = op.output(x.shape());
  for (index_t i = 0; i < in.numel(); ++i) y[i] = in.data()[i] * in.data()[i];
  return op.record([=](const double* dy, Gradients<double>& g) {
    const Sink<double> dx = g.slot(in);
    for (index_t i = 0; i < in.numel(); ++i)
      dx.data[i] = (dx.accumulate ? dx.data[i] : 0) + dy[i] * slope(in.data()[i]);
  });
}

}  // namespace

TEST_CASE("gradcheck passes a right gradient, and leaves it and the values in the store") {
  testing::Inputs<double> inputs{{2, 3}};
  const auto before = inputs.values(0);
  CHECK(testing::gradcheck_op(inputs, [](Doubles x) { return square(x[0], [](double v) { return 2 * v; }); }) < 1e-8);
  CHECK(inputs.values(0) == before);
  CHECK(inputs[0].has_grad);
}

TEST_CASE("gradcheck fails when it should") {
  using testing::gradcheck_op;
  const auto wrong = [](auto slope) { return gradcheck_op({{5}}, [=](Doubles x) { return square(x[0], slope); }); };
  CHECK_FALSE(wrong([](double v) { return 2.0001 * v; }) < 1e-6);
  CHECK_FALSE(wrong([](double v) { return v > 0 ? 0 : 2 * v; }) < 1e-6);
  CHECK_FALSE(wrong([](double) { return std::nan(""); }) < 1e-6);
  CHECK_FALSE(wrong([](double) { return HUGE_VAL; }) < 1e-6);
  CHECK_FALSE(gradcheck_op({{5}}, [](Doubles x) { return functional::log(x[0]); }) < 1e-6);  // NaN for x < 0
}

TEST_CASE("gradcheck fails for a gradient where there is none, and for none where there is one") {
  const auto constant = [](Doubles x) {  // does not depend on x, but gives x a gradient
    Op<double> op("constant", x[0].tape());
    const Input<double> in = op.input(x[0]);
    *op.output(Shape{}) = 1;
    return op.record([=](const double* dy, Gradients<double>& g) { *g.slot(in).data = *dy; });
  };
  CHECK_FALSE(testing::gradcheck_op({Shape{}}, constant) < 1e-6);
  const auto forgets = [](Doubles x) { return functional::add(x[0], square(x[1], [](double) { return 0.0; })); };
  CHECK_FALSE(testing::gradcheck_op({{3}, {3}}, forgets) < 1e-6);
}

TEST_CASE("gradcheck measures a tensor without a gradient against the others") {
  // x[1] adds one number to each row of x[0]. This does not change the row's softmax, so x[1] has the gradient 0.
  const auto shifted = [](Doubles x) { return functional::softmax(functional::add(x[0], x[1])); };
  CHECK(testing::gradcheck_op({{3, 4}, {3, 1}}, shifted) < 1e-6);
}

TEST_CASE("gradcheck at given tensors") {
  const std::vector<Tensor<double>> inputs{Tensor<double>({2}, {1, -2}), Tensor<double>(Shape{}, {3})};
  const auto loss = [](auto slope) { return [=](Doubles x) { return functional::sum(square(x[0], slope) * x[1]); }; };
  CHECK(gradcheck(inputs, loss([](double v) { return 2 * v; })) < 1e-8);
  CHECK_FALSE(gradcheck(inputs, loss([](double v) { return 2.0001 * v; })) < 1e-6);
}
