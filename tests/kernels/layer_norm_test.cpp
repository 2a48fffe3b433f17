#include <minibert/kernels/layer_norm.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;
using reference::widen;

TEST_CASE_TEMPLATE("layer_norm: forward and backward against the reference, with and without a residual", T, float,
                   double) {
  const T eps = static_cast<T>(1e-12);
  for (const index_t n : {0, 1, 31, 33, 70})
    for (const index_t d : {1, 2, 15, 16, 17, 40})
      for (const bool with_residual : {false, true})
        for (const bool accumulate : {false, true}) {
          INFO("n=", n, " d=", d, " residual=", with_residual, " accumulate=", accumulate);
          const auto x = reference::normal<T>(n * d, 1), residual = reference::normal<T>(n * d, 2);
          const auto weight = reference::normal<T>(d, 3), bias = reference::normal<T>(d, 4);
          const auto dy = reference::normal<T>(n * d, 5);
          const T* added = with_residual ? residual.data() : nullptr;
          reference::Numbers z = widen(x);
          for (index_t i = 0; i < n * d && with_residual; ++i)
            core::at(z, i) = static_cast<double>(core::at(x, i) + core::at(residual, i));

          std::vector<T> y(core::usize(n * d)), mean(core::usize(n)), rstd(core::usize(n));
          const kernels::LayerNormInputs<T> inputs{x.data(), added, weight.data(), bias.data(), eps, n, d};
          kernels::layer_norm_forward(y.data(), mean.data(), rstd.data(), inputs);
          const auto expected = reference::layer_norm(z, widen(weight), widen(bias), static_cast<double>(eps), n, d);
          CHECK(reference::relative_error(y, expected) < (d == 2 ? 30 : 1) * testing::tolerance<T>());
          if (d == 2) continue;  // x̂ is ±1: dx is a difference of nearly equal numbers, so its relative error is large
          // With d = 1 the variance is 0, so rstd is 1/√eps and shows whether eps is added. With a variance near 1, eps
          // would hardly change rstd.
          reference::Numbers expected_rstd;
          reference::normalize(z, static_cast<double>(eps), n, d, &expected_rstd);
          CHECK(reference::relative_error(rstd, expected_rstd) < testing::tolerance<T>());

          testing::Destination<T> dx(n * d, accumulate), dresidual(n * d, accumulate), dweight(d, accumulate),
              dbias(d, accumulate);
          std::vector<T> workspace(core::usize(kernels::layer_norm_backward_workspace(n, d)));
          const Sink<T> of_residual = with_residual ? dresidual.sink() : Sink<T>{};
          kernels::layer_norm_backward({dx.sink(), of_residual, dweight.sink(), dbias.sink()}, dy.data(), mean.data(),
                                       rstd.data(), inputs, workspace.data());
          const auto g = reference::layer_norm_backward(widen(dy), z, widen(weight), static_cast<double>(eps), n, d);
          if (d > 1) {
            CHECK(reference::relative_error(dx.values, dx.after(g.x)) < testing::tolerance<T>());
          } else {  // the terms cancel: dx is only rounding error, which is proportional to |dy·weight|·rstd
            const reference::Numbers after = dx.after(g.x);
            for (index_t i = 0; i < n; ++i) {
              const double term = std::abs(static_cast<double>(core::at(dy, i) * core::at(weight, 0)));
              CHECK(std::abs(static_cast<double>(core::at(dx.values, i)) - core::at(after, i)) <=
                    testing::tolerance<T>() * term * core::at(expected_rstd, i));
            }
          }
          if (with_residual) CHECK(dresidual.values == dx.values);
          CHECK(reference::relative_error(dweight.values, dweight.after(g.weight)) < testing::tolerance<T>());
          CHECK(reference::relative_error(dbias.values, dbias.after(g.bias)) < testing::tolerance<T>());
        }
}

TEST_CASE("layer_norm: rows that are all the same give the bias") {
  const std::vector<float> x(6, 3.0f), weight(3, 2.0f), bias{1, 2, 3};
  std::vector<float> y(6);
  kernels::layer_norm_forward<float>(y.data(), nullptr, nullptr,
                                     {x.data(), nullptr, weight.data(), bias.data(), 1e-12f, 2, 3});
  CHECK(y == std::vector<float>{1, 2, 3, 1, 2, 3});
}

TEST_CASE("layer_norm: a large common offset costs no more than the input's own rounding") {
  const index_t d = 37;
  auto x = reference::normal<float>(d, 1);
  for (float& v : x) v += 1000;
  const std::vector<float> weight(core::usize(d), 1.0f), bias(core::usize(d), 0.0f);
  std::vector<float> y(core::usize(d));
  kernels::layer_norm_forward<float>(y.data(), nullptr, nullptr,
                                     {x.data(), nullptr, weight.data(), bias.data(), 1e-12f, 1, d});
  CHECK(reference::relative_error(y, reference::layer_norm(widen(x), widen(weight), widen(bias), 1e-12, 1, d)) < 1e-4);
}

TEST_CASE("layer_norm: an empty sink gets nothing") {
  const index_t n = 3, d = 5;
  const auto x = reference::normal<double>(n * d, 1), dy = reference::normal<double>(n * d, 2);
  const std::vector<double> weight(core::usize(d), 1.0), mean(core::usize(n), 0.0), rstd(core::usize(n), 1.0);
  std::vector<double> workspace(core::usize(kernels::layer_norm_backward_workspace(n, d))), dbias(core::usize(d));
  kernels::layer_norm_backward<double>({.dbias = {dbias.data()}}, dy.data(), mean.data(), rstd.data(),
                                       {x.data(), nullptr, weight.data(), nullptr, 1e-12, n, d}, workspace.data());
  for (index_t j = 0; j < d; ++j)
    CHECK(core::at(dbias, j) == doctest::Approx(core::at(dy, j) + core::at(dy, d + j) + core::at(dy, 2 * d + j)));
}

TEST_CASE("layer_norm: the same bits for any number of threads") {
  const index_t n = 130, d = 83;
  const auto x = reference::normal<float>(n * d, 1), dy = reference::normal<float>(n * d, 2);
  const auto weight = reference::normal<float>(d, 3), bias = reference::normal<float>(d, 4);
  testing::on_any_threads([&] {
    std::vector<float> out(core::usize(n * d)), mean(core::usize(n)), rstd(core::usize(n)), dx(core::usize(n * d)),
        dweight(core::usize(d)), dbias(core::usize(d)),
        workspace(core::usize(kernels::layer_norm_backward_workspace(n, d)));
    const kernels::LayerNormInputs<float> inputs{x.data(), nullptr, weight.data(), bias.data(), 1e-12f, n, d};
    kernels::layer_norm_forward<float>(out.data(), mean.data(), rstd.data(), inputs);
    kernels::layer_norm_backward<float>({{dx.data()}, {}, {dweight.data()}, {dbias.data()}}, dy.data(), mean.data(),
                                        rstd.data(), inputs, workspace.data());
    for (const auto* part : {&dx, &dweight, &dbias}) out.insert(out.end(), part->begin(), part->end());
    return out;
  });
}
