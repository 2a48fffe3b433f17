#include <minibert/kernels/softmax.hpp>

#include <doctest/doctest.h>

#include <minibert/kernels/detail/softmax_rows.hpp>
#include <minibert/simd/dispatch.hpp>

#include "support/kernels.hpp"

using namespace minibert;
using reference::widen;

TEST_CASE_TEMPLATE("softmax: forward and backward against the twin", T, float, double) {
  for (const index_t n : {0, 1, 7})
    for (const index_t d : {0, 1, 2, 15, 16, 17, 63, 2100, 5000})
      for (const bool accumulate : {false, true}) {
        INFO("n=", n, " d=", d, " accumulate=", accumulate);
        auto x = reference::normal<T>(n * d, 1);
        if (d > 100)
          for (T& v : x) v *= 5;
        const auto dy = reference::normal<T>(n * d, 2);
        std::vector<T> y(core::usize(n * d));
        kernels::softmax_forward(y.data(), x.data(), n, d);
        const auto expected = reference::softmax(widen(x), n, d);
        // A vector with few lanes adds up more elements in each lane, so the rounding error is larger.
        CHECK(reference::relative_error(y, expected) < (d > 100 ? 3 : 1) * testing::tolerance<T>());
        if (d > 100) continue;  // the reference's backward pass takes quadratic time
        testing::Destination<T> dx(n * d, accumulate);
        kernels::softmax_backward(dx.sink(), dy.data(), y.data(), n, d);
        CHECK(reference::relative_error(dx.values, dx.after(reference::softmax_backward(widen(dy), expected, n, d))) <
              2 * testing::tolerance<T>());
      }
}

TEST_CASE_TEMPLATE("softmax: the log of the sum of exponentials, in place", T, float, double) {
  const index_t n = 5, d = 37;
  auto x = reference::normal<T>(n * d, 1);
  reference::Numbers sums;
  const auto expected = reference::softmax(widen(x), n, d, &sums);
  std::vector<T> lse(core::usize(n));
  simd::dispatch<kernels::detail::SoftmaxRows>(x.data(), lse.data(), static_cast<const T*>(x.data()), n, d);
  CHECK(reference::relative_error(x, expected) < testing::tolerance<T>());
  CHECK(reference::relative_error(lse, sums) < testing::tolerance<T>());
}

TEST_CASE_TEMPLATE("log_softmax: forward and backward against the twin", T, float, double) {
  for (const index_t n : {0, 1, 7})
    for (const index_t d : {0, 1, 2, 15, 16, 17, 63, 2100})
      for (const bool accumulate : {false, true}) {
        INFO("n=", n, " d=", d, " accumulate=", accumulate);
        const auto x = reference::normal<T>(n * d, 1), dy = reference::normal<T>(n * d, 2);
        std::vector<T> y(core::usize(n * d));
        kernels::log_softmax_forward(y.data(), x.data(), n, d);
        const auto softmax = reference::softmax(widen(x), n, d);
        reference::Numbers expected, gradient;
        for (index_t i = 0; i < n * d; ++i) {
          double sum = 0;
          for (index_t j = 0; j < d; ++j) sum += static_cast<double>(core::at(dy, i / d * d + j));
          expected.push_back(std::log(core::at(softmax, i)));
          gradient.push_back(static_cast<double>(core::at(dy, i)) - core::at(softmax, i) * sum);
        }
        CHECK(reference::relative_error(y, expected) < testing::tolerance<T>());
        testing::Destination<T> dx(n * d, accumulate);
        kernels::log_softmax_backward(dx.sink(), dy.data(), y.data(), n, d);
        CHECK(reference::relative_error(dx.values, dx.after(gradient)) < 3 * testing::tolerance<T>());
      }
}

TEST_CASE("log_softmax: rows of large numbers keep their digits; huge arguments, −infinity and NaN; in place") {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> x{1e6f, 1e6f, 1e6f, 3e38f, -3e38f, -inf, 1, 2, std::nanf("")};
  kernels::log_softmax_forward(x.data(), x.data(), 3, 3);
  for (const int i : {0, 1, 2}) CHECK(core::at(x, i) == doctest::Approx(-std::log(3.0)).epsilon(1e-6));
  CHECK(core::at(x, 3) == 0);
  CHECK(core::at(x, 4) == -inf);
  CHECK(core::at(x, 5) == -inf);
  for (const int i : {6, 7, 8}) CHECK(std::isnan(core::at(x, i)));
}

TEST_CASE("softmax: huge arguments, −infinity and NaN") {
  const float inf = std::numeric_limits<float>::infinity();
  for (const index_t d : {5, 21}) {  // less than an AVX-512 vector, and more than one
    std::vector<float> x(core::usize(3 * d), -inf), y(core::usize(3 * d));
    core::at(x, 1) = 3e38f, core::at(x, 2) = 3e38f;
    core::at(x, d + 2) = std::nanf(""), core::at(x, d) = 1;
    core::at(x, 2 * d + 1) = -3e38f;
    kernels::softmax_forward(y.data(), x.data(), 3, d);
    CHECK(core::at(y, 0) == 0);
    CHECK(core::at(y, 1) == 0.5f);
    CHECK(core::at(y, 2) == 0.5f);
    for (index_t i = 0; i < d; ++i) CHECK(std::isnan(core::at(y, d + i)));
    CHECK(core::at(y, 2 * d + 1) == 1);
    CHECK(core::at(y, 2 * d) == 0);
  }
}

TEST_CASE("softmax: the same bits for any number of threads") {
  const index_t n = 300, d = 90;
  const auto x = reference::normal<float>(n * d, 1), dy = reference::normal<float>(n * d, 2);
  testing::on_any_threads([&] {
    std::vector<float> y(core::usize(n * d)), dx(core::usize(n * d));
    kernels::softmax_forward(y.data(), x.data(), n, d);
    kernels::softmax_backward(Sink<float>{dx.data()}, dy.data(), y.data(), n, d);
    y.insert(y.end(), dx.begin(), dx.end());
    return y;
  });
}
