#include <minibert/kernels/cross_entropy.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;
using reference::widen;

TEST_CASE_TEMPLATE("cross_entropy: forward and backward against the twin, ignored rows", T, float, double) {
  for (const index_t n : {0, 1, 6, 200})
    for (const index_t d : {1, 2, 16, 31, 101})
      for (const bool accumulate : {false, true}) {
        INFO("n=", n, " d=", d, " accumulate=", accumulate);
        const auto logits = reference::normal<T>(n * d, 1);
        std::vector<token_id> labels;
        for (index_t i = 0; i < n; ++i) labels.push_back(i % 3 == 1 ? -100 : static_cast<token_id>(i * 7 % d));
        const T scale = static_cast<T>(0.75);
        reference::Numbers sums, losses, gradient = reference::softmax(widen(logits), n, d, &sums);
        for (index_t i = 0; i < n; ++i) {
          const bool ignored = core::at(labels, i) == -100;
          losses.push_back(
              ignored ? 0 : core::at(sums, i) - static_cast<double>(core::at(logits, i * d + core::at(labels, i))));
          for (index_t j = 0; j < d; ++j)
            core::at(gradient, i * d + j) =
                ignored ? 0 : 0.75 * (core::at(gradient, i * d + j) - (j == core::at(labels, i) ? 1 : 0));
        }
        std::vector<T> lse(core::usize(n), static_cast<T>(NAN)), found(core::usize(n));
        kernels::cross_entropy_forward(found.data(), lse.data(), logits.data(), labels.data(), -100, n, d);
        const double allowed = d == 1 ? 1e-6 : 2 * testing::tolerance<T>();  // with one class, the exact loss is 0
        CHECK(reference::relative_error(found, losses) < allowed);
        testing::Destination<T> dx(n * d, accumulate);
        kernels::cross_entropy_backward(dx.sink(), logits.data(), lse.data(), labels.data(), -100, scale, n, d);
        CHECK(reference::relative_error(dx.values, dx.after(gradient)) < allowed);
      }
}

TEST_CASE("cross_entropy: huge logits stay finite") {
  const std::vector<float> logits{3e38f, -3e38f, 0};
  const std::vector<token_id> labels{0};
  float loss = 0, lse = 0;
  kernels::cross_entropy_forward(&loss, &lse, logits.data(), labels.data(), -100, 1, 3);
  CHECK(loss == 0);
}

TEST_CASE("cross_entropy: the same bits for any number of threads") {
  const index_t n = 150, d = 77;
  const auto logits = reference::normal<float>(n * d, 1);
  std::vector<token_id> labels;
  for (index_t i = 0; i < n; ++i) labels.push_back(static_cast<token_id>(i % d));
  testing::on_any_threads([&] {
    std::vector<float> losses(core::usize(n)), lse(core::usize(n)), dx(core::usize(n * d));
    kernels::cross_entropy_forward(losses.data(), lse.data(), logits.data(), labels.data(), -100, n, d);
    kernels::cross_entropy_backward(Sink<float>{dx.data()}, logits.data(), lse.data(), labels.data(), -100, 1.0f, n, d);
    dx.insert(dx.end(), losses.begin(), losses.end());
    return dx;
  });
}
