#include <minibert/kernels/embedding.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;

TEST_CASE_TEMPLATE("gather_rows and scatter_rows against plain loops", T, float, double) {
  const index_t rows = 9;
  for (const index_t n : {0, 1, 65, 130})
    for (const index_t d : {1, 16, 23, 70, 150})
      for (const bool accumulate : {false, true})
        for (const index_t skip : {-1, 3}) {
          INFO("n=", n, " d=", d, " accumulate=", accumulate, " skip=", skip);
          const auto table = reference::normal<T>(rows * d, 1), dy = reference::normal<T>(n * d, 2);
          std::vector<token_id> index;
          for (index_t t = 0; t < n; ++t) index.push_back(static_cast<token_id>(t * t % rows));
          reference::Numbers taken, sums(core::usize(rows * d));
          for (index_t t = 0; t < n; ++t)
            for (index_t j = 0; j < d; ++j) {
              taken.push_back(static_cast<double>(core::at(table, core::at(index, t) * d + j)));
              if (core::at(index, t) != skip)
                core::at(sums, core::at(index, t) * d + j) += static_cast<double>(core::at(dy, t * d + j));
            }
          testing::Destination<T> y(n * d, accumulate), dtable(rows * d, accumulate);
          kernels::gather_rows(y.sink(), table.data(), index.data(), n, d);
          CHECK(reference::relative_error(y.values, y.after(taken)) < testing::tolerance<T>());
          kernels::scatter_rows(dtable.sink(), dy.data(), index.data(), skip, n, rows, d);
          CHECK(reference::relative_error(dtable.values, dtable.after(sums)) < testing::tolerance<T>());
        }
}

TEST_CASE("gather_rows and scatter_rows: the same bits for any number of threads") {
  const index_t n = 500, d = 200, rows = 300;
  const auto table = reference::normal<float>(rows * d, 1);
  std::vector<index_t> index;
  for (index_t t = 0; t < n; ++t) index.push_back(t * t % rows);
  testing::on_any_threads([&] {
    std::vector<float> y(core::usize(n * d)), dtable(core::usize(rows * d));
    kernels::gather_rows(Sink<float>{y.data()}, table.data(), index.data(), n, d);
    kernels::scatter_rows(Sink<float>{dtable.data()}, y.data(), index.data(), index_t{-1}, n, rows, d);
    return dtable;
  });
}
