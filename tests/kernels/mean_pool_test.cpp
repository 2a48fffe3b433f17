#include <minibert/kernels/mean_pool.hpp>

#include <doctest/doctest.h>

#include "support/kernels.hpp"

using namespace minibert;

TEST_CASE_TEMPLATE("mean_pool: forward and backward against plain loops, an empty sequence among them", T, float,
                   double) {
  const index_t d = 19;
  const reference::OwnedSequences sequences({3, 0, 1, 65});
  const index_t n = sequences.num_tokens(), count = sequences.view().count;
  const auto x = reference::normal<T>(n * d, 1), dy = reference::normal<T>(count * d, 2);
  reference::Numbers means(core::usize(count * d)), dx(core::usize(n * d));
  for (index_t b = 0; b < count; ++b)
    for (index_t t = core::at(sequences.cu_seqlens, b); t < core::at(sequences.cu_seqlens, b + 1); ++t)
      for (index_t j = 0; j < d; ++j) {
        const double share =
            1.0 / static_cast<double>(core::at(sequences.cu_seqlens, b + 1) - core::at(sequences.cu_seqlens, b));
        core::at(means, b * d + j) += static_cast<double>(core::at(x, t * d + j)) * share;
        core::at(dx, t * d + j) = static_cast<double>(core::at(dy, b * d + j)) * share;
      }
  CHECK(reference::relative_error(testing::on_any_threads([&] {
                                    std::vector<T> y(core::usize(count * d), T{7});
                                    kernels::mean_pool_forward(y.data(), x.data(), sequences.view(), d);
                                    return y;
                                  }),
                                  means) < testing::tolerance<T>());
  for (const bool accumulate : {false, true})
    CHECK(reference::relative_error(testing::on_any_threads([&] {
                                      testing::Destination<T> to(n * d, accumulate);
                                      kernels::mean_pool_backward(to.sink(), dy.data(), sequences.view(), d);
                                      return to.values;
                                    }),
                                    testing::Destination<T>(n * d, accumulate).after(dx)) < testing::tolerance<T>());
}
