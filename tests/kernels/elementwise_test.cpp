#include <minibert/kernels/elementwise.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;

TEST_CASE_TEMPLATE("generate replaces or adds, over any number of chunks", T, float, double) {
  for (const index_t n : {0, 1, 8191, 8192, 20000})
    for (const bool accumulate : {false, true}) {
      const auto found = testing::on_any_threads([&] {
        testing::Destination<T> to(n, accumulate);
        kernels::generate(to.sink(), n, [](index_t i) { return static_cast<T>(i); });
        return to.values;
      });
      reference::Numbers numbers;
      for (index_t i = 0; i < n; ++i) numbers.push_back(static_cast<double>(i));
      CHECK(reference::relative_error(found, testing::Destination<T>(n, accumulate).after(numbers)) == 0);
    }
}

TEST_CASE("generate_reduced sums what a broadcast map sends to one place") {
  // Broadcasts an operand of shape (3, 1) to a result of shape (2, 3, 4).
  const kernels::BroadcastMap map{.dim = 3, .sizes = {2, 3, 4}, .strides = {0, 1, 0}};
  CHECK(map(0) == 0);
  CHECK(map(3) == 0);
  CHECK(map(4) == 1);
  CHECK(map(23) == 2);
  CHECK(map(12) == 0);
  for (const bool accumulate : {false, true}) {
    testing::Destination<double> to(3, accumulate);
    std::vector<double> workspace(core::usize(kernels::reduced_workspace(3, 24)), NAN);
    kernels::generate_reduced(
        to.sink(), 3, map, 24, [](index_t i) { return static_cast<double>(i); }, workspace.data());
    CHECK(to.values == to.after({60, 92, 124}));
  }
}

TEST_CASE("generate_reduced: one place for each needs no scratch memory") {
  const index_t n = 20000;
  const kernels::BroadcastMap map{.dim = 2, .sizes = {n / 4, 4}, .strides = {1, n / 4}};  // a transposed operand
  for (const bool accumulate : {false, true}) {
    CHECK(kernels::reduced_workspace(n, n) == 0);
    const auto found = testing::on_any_threads([&] {
      testing::Destination<double> to(n, accumulate);
      kernels::generate_reduced(
          to.sink(), n, map, n, [](index_t i) { return static_cast<double>(i); }, nullptr);
      return to.values;
    });
    REQUIRE(map(1) == n / 4);
    index_t wrong = 0;
    for (index_t i = 0; i < n; ++i)
      wrong += core::at(found, map(i)) != static_cast<double>(i) + (accumulate ? 0.25 : 0);
    CHECK(wrong == 0);
  }
}
