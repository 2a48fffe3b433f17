#include <minibert/kernels/gelu.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;

namespace {

template <class Activation, class T>
void compare(double (*value)(double), double (*derivative)(double)) {
  for (const index_t n : {0, 1, 3, 16, 17, 8191, 8195}) {
    INFO("n=", n);
    auto x = reference::normal<T>(n, 1);
    for (T& v : x) v *= 3;
    const auto dy = reference::normal<T>(n, 2);
    reference::Numbers y, dx;
    for (index_t i = 0; i < n; ++i) {
      y.push_back(value(static_cast<double>(core::at(x, i))));
      dx.push_back(static_cast<double>(core::at(dy, i)) * derivative(static_cast<double>(core::at(x, i))));
    }
    CHECK(reference::relative_error(testing::on_any_threads([&] {
                                      std::vector<T> out(core::usize(n));
                                      kernels::activation_forward<Activation>(out.data(), x.data(), n);
                                      return out;
                                    }),
                                    y) < testing::tolerance<T>());
    for (const bool accumulate : {false, true}) {
      testing::Destination<T> to(n, accumulate);
      kernels::activation_backward<Activation>(to.sink(), dy.data(), x.data(), n);
      CHECK(reference::relative_error(to.values, to.after(dx)) < testing::tolerance<T>());
    }
    auto in_place = dy;
    kernels::activation_backward<Activation>(Sink<T>{in_place.data()}, in_place.data(), x.data(), n);
    CHECK(reference::relative_error(in_place, dx) < testing::tolerance<T>());
  }
}

}  // namespace

TEST_CASE_TEMPLATE("gelu, exact", T, float, double) {
  compare<kernels::GeluExact, T>(reference::gelu, reference::gelu_derivative);
}

TEST_CASE_TEMPLATE("gelu, tanh", T, float, double) {
  compare<kernels::GeluTanh, T>(reference::gelu_tanh, reference::gelu_tanh_derivative);
}

TEST_CASE_TEMPLATE("gelu far out: zero, the argument itself, NaN", Activation, kernels::GeluExact, kernels::GeluTanh) {
  const std::vector<float> x{-1e4f, 1e4f, std::nanf(""), 0, -20};
  std::vector<float> y(5), dx(5), dy(5, 1.0f);
  kernels::activation_forward<Activation>(y.data(), x.data(), 5);
  CHECK(y[0] == 0);
  CHECK(y[1] == 1e4f);
  CHECK(std::isnan(y[2]));
  CHECK(y[3] == 0);
  CHECK(std::abs(y[4]) < 1e-30f);
  kernels::activation_backward<Activation>(Sink<float>{dx.data()}, dy.data(), x.data(), 5);
  CHECK(dx[0] == 0);
  CHECK(dx[1] == 1);
  CHECK(std::isnan(dx[2]));
  CHECK(dx[3] == doctest::Approx(0.5));
}
