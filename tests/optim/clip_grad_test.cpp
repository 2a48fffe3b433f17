#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <minibert/optim/clip_grad.hpp>

#include "support/reference.hpp"

namespace {

using namespace minibert;

/// Two parameters. The first has the given gradient, the second has none.
template <class T>
struct Gradient {
  ParameterStore<T> store;
  explicit Gradient(const std::vector<T>& values) {
    store.declare("a", {core::length(values)});
    store.declare("b", {3});
    for (Parameter<T>* p : store.in_order()) store.allocate_gradient(*p);
    std::copy(values.begin(), values.end(), a().grad);
    a().has_grad = true;
    std::fill_n(store.in_order()[1]->grad, 3, T{1e6});
  }
  Parameter<T>& a() { return *store.in_order()[0]; }
  double clip(double max_norm) {
    optim::ParameterChunks<T> chunks(store.in_order());
    return optim::clip_grad_norm_(chunks, max_norm);
  }
};

TEST_CASE_TEMPLATE("the norm is over the gradients there are, at any length", T, float, double) {
  for (const index_t n : {1, 3, 8, 31, 16384, 50001}) {
    const std::vector<T> values = reference::normal<T>(n);
    double sum = 0;
    for (const T value : values) sum += static_cast<double>(value) * static_cast<double>(value);
    CHECK(Gradient<T>(values).clip(1e9) == doctest::Approx(std::sqrt(sum)).epsilon(1e-13));
  }
}

TEST_CASE_TEMPLATE("a gradient above the limit is scaled to it, one below left alone", T, float, double) {
  std::vector<T> values(100, T{2});  // their L2 norm is 20
  Gradient<T> above(values), below(values);
  CHECK(above.clip(5) == doctest::Approx(20));
  CHECK(above.a().grad[99] == doctest::Approx(2.0 * 5 / (20 + 1e-6)).epsilon(1e-6));
  CHECK(above.store.in_order()[1]->grad[0] == T{1e6});
  CHECK(below.clip(20.1) == doctest::Approx(20));
  CHECK(below.a().grad[0] == T{2});
}

TEST_CASE("the factor is never more than 1") {
  CHECK(optim::clip_factor(20, 5) == 5 / (20 + 1e-6));
  CHECK(optim::clip_factor(5, 20) == 1);
  CHECK(optim::clip_factor(0, 5) == 1);
  CHECK(optim::clip_factor(std::numeric_limits<double>::infinity(), 5) == 1);
  CHECK(optim::clip_factor(std::nan(""), 5) == 1);
}

TEST_CASE("large floats do not overflow the norm") {
  CHECK(Gradient<float>(std::vector<float>(4, 1e30f)).clip(1) == doctest::Approx(2e30));
}

TEST_CASE("a norm that is not finite is reported and nothing is scaled") {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    Gradient<float> gradient({1.0f, bad, 3.0f});
    CHECK_FALSE(std::isfinite(gradient.clip(1)));
    CHECK(gradient.a().grad[2] == 3.0f);
  }
}

}  // namespace
