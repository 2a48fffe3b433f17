#include <minibert/kernels/reduce.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;

TEST_CASE_TEMPLATE("sum_rows against plain loops, with a gap between rows", T, float, double) {
  for (const index_t n : {0, 1, 9, 100})
    for (const index_t d : {0, 1, 16, 63, 64, 65, 200})
      for (const bool accumulate : {false, true}) {
        INFO("n=", n, " d=", d, " accumulate=", accumulate);
        const index_t stride = d + 3;
        auto x = reference::normal<T>(n * stride, 1);
        for (T& v : x) v = std::abs(v);  // positive, so that the sums do not cancel
        reference::Numbers sums(core::usize(d));
        for (index_t i = 0; i < n; ++i)
          for (index_t j = 0; j < d; ++j) core::at(sums, j) += static_cast<double>(core::at(x, i * stride + j));
        CHECK(reference::relative_error(testing::on_any_threads([&] {
                                          testing::Destination<T> to(d, accumulate);
                                          kernels::sum_rows(to.sink(), x.data(), stride, n, d);
                                          return to.values;
                                        }),
                                        testing::Destination<T>(d, accumulate).after(sums)) <
              2 * testing::tolerance<T>());
      }
  kernels::sum_rows<T>({}, nullptr, 0, 5, 5);  // without a destination, it reads nothing
}

TEST_CASE("sum adds up in double") {
  const std::vector<float> x(100000, 0.1f);
  CHECK(kernels::sum(x.data(), core::length(x)) == doctest::Approx(1e5 * static_cast<double>(0.1f)).epsilon(1e-12));
  CHECK(kernels::sum(x.data(), 0) == 0);
}
