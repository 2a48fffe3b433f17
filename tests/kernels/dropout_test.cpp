#include <minibert/kernels/dropout.hpp>

#include <doctest/doctest.h>

#include <minibert/kernels/detail/dropout_factors.hpp>
#include <minibert/simd/dispatch.hpp>

#include "support/kernels.hpp"

using namespace minibert;
using kernels::DropoutMask;

namespace {

template <class T>
std::vector<T> factors(const DropoutMask& mask, const reference::OwnedSequences& sequences, index_t d) {
  const index_t n = sequences.num_tokens();
  const std::vector<T> ones(core::usize(n * d), T{1});
  std::vector<T> y(core::usize(n * d), T{7});
  kernels::dropout(Sink<T>{y.data()}, ones.data(), mask, sequences.view(), n, d);
  return y;
}

/// Stores the dropout factors of one row, as a kernel compiled for Arch draws them.
struct RowFactors {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, random::Key key, index_t position, index_t d) {
    using V = typename Arch::template vec<T>;
    kernels::detail::for_dropout_factors<V>(
        key, position, 20000, T{1}, index_t{0},
        d, [&](index_t i, auto part, const V& factor) __attribute__((always_inline)) { part.store(factor, y + i); });
  }
};

}  // namespace

TEST_CASE_TEMPLATE("dropout: every element is decided as the definition says", T, float, double) {
  const reference::OwnedSequences sequences({0, 3, 0, 0, 40, 1}, 5);
  const auto mask = DropoutMask::of(0.3, random::Key(42));
  for (const index_t d : {1, 2, 15, 16, 17, 33, 63, 64, 65, 129, 200}) {
    INFO("d=", d);
    const auto found = testing::on_any_threads([&] { return factors<T>(mask, sequences, d); });
    reference::Numbers expected;
    for (index_t b = 0; b < sequences.view().count; ++b)
      for (index_t t = 0; t < core::at(sequences.cu_seqlens, b + 1) - core::at(sequences.cu_seqlens, b); ++t)
        for (index_t j = 0; j < d; ++j)
          expected.push_back(
              reference::dropout_factor(mask.key.fold(core::at(sequences.global_rows, b)), mask.threshold, t, j));
    CHECK(reference::relative_error(found, expected) < 1e-7);
  }
}

TEST_CASE("dropout: every instruction set draws the same decisions") {
  const random::Key key(7);
  for (const index_t d : {1, 5, 64, 67, 150}) {
    std::vector<float> baseline(core::usize(d));
    std::vector<double> wide(core::usize(d));
    simd::detail::run_baseline<RowFactors>(baseline.data(), key, index_t{3}, d);
    simd::detail::run_baseline<RowFactors>(wide.data(), key, index_t{3}, d);
    CHECK(wide == std::vector<double>(baseline.begin(), baseline.end()));
#if defined(__x86_64__)
    std::vector<float> other(core::usize(d));
    if (simd::best_isa() >= simd::Isa::avx2) simd::detail::run_avx2<RowFactors>(other.data(), key, index_t{3}, d);
    if (simd::best_isa() >= simd::Isa::avx2) CHECK(other == baseline);
    if (simd::best_isa() >= simd::Isa::avx512) simd::detail::run_avx512<RowFactors>(other.data(), key, index_t{3}, d);
    if (simd::best_isa() >= simd::Isa::avx512) CHECK(other == baseline);
#endif
  }
}

TEST_CASE("dropout: as many as asked for are dropped, in every column, row and pair of neighbours") {
  const index_t n = 2000, d = 96;
  const reference::OwnedSequences sequences({n});
  for (const double p : {0.1, 0.5, 0.9}) {
    const auto y = factors<float>(DropoutMask::of(p, random::Key(1)), sequences, d);
    const auto dropped = [&](index_t t, index_t j) { return core::at(y, t * d + j) == 0 ? 1.0 : 0.0; };
    double total = 0, worst_row = 0, worst_column = 0, pairs = 0, mean = 0;
    std::vector<double> columns(core::usize(d));
    for (index_t t = 0; t < n; ++t) {
      double row = 0;
      for (index_t j = 0; j < d; ++j) {
        row += dropped(t, j);
        core::at(columns, j) += dropped(t, j) / static_cast<double>(n);
        mean += static_cast<double>(core::at(y, t * d + j)) / static_cast<double>(n * d);
        pairs += j > 0 ? dropped(t, j) * dropped(t, j - 1) / static_cast<double>(n * (d - 1)) : 0;
      }
      total += row / static_cast<double>(n * d);
      worst_row = std::max(worst_row, std::abs(row / static_cast<double>(d) - p));
    }
    for (const double column : columns) worst_column = std::max(worst_column, std::abs(column - p));
    const double sigma = std::sqrt(p * (1 - p));
    CHECK(std::abs(total - p) < 4 * sigma / std::sqrt(static_cast<double>(n * d)));
    CHECK(worst_row < 5 * sigma / std::sqrt(static_cast<double>(d)));
    CHECK(worst_column < 5 * sigma / std::sqrt(static_cast<double>(n)));
    CHECK(std::abs(pairs - p * p) < 5 * p * sigma / std::sqrt(static_cast<double>(n * (d - 1) / 2)));
    CHECK(mean == doctest::Approx(1).epsilon(0.02));
  }
}

TEST_CASE("dropout: an element's fate depends on its key, row, position and feature, not on its neighbours") {
  const index_t d = 70;
  const auto mask = DropoutMask::of(0.5, random::Key(3));
  const reference::OwnedSequences together({50, 45, 20}, 10), alone({45}, 11), elsewhere({45}, 12);
  const auto all = factors<float>(mask, together, d), one = factors<float>(mask, alone, d);
  CHECK(std::vector<float>(all.begin() + 50 * d, all.begin() + 95 * d) == one);
  CHECK(factors<float>(mask, elsewhere, d) != one);
  CHECK(factors<float>(DropoutMask::of(0.5, random::Key(4)), alone, d) != one);
  CHECK(std::vector<float>(one.begin(), one.begin() + d) != std::vector<float>(one.begin() + d, one.begin() + 2 * d));
  const auto wide = factors<float>(mask, alone, 130);  // additional features do not change the factors of the first 70
  CHECK(std::vector<float>(wide.begin(), wide.begin() + d) == std::vector<float>(one.begin(), one.begin() + d));
}

TEST_CASE_TEMPLATE("dropout: backward is forward's mask, replaced or added", T, float, double) {
  const reference::OwnedSequences sequences({3, 40});
  const index_t n = sequences.num_tokens(), d = 21;
  const auto mask = DropoutMask::of(0.25, random::Key(9));
  const auto dy = reference::normal<T>(n * d, 1), f = factors<T>(mask, sequences, d);
  reference::Numbers dx;
  for (index_t i = 0; i < n * d; ++i) dx.push_back(static_cast<double>(core::at(dy, i) * core::at(f, i)));
  for (const bool accumulate : {false, true}) {
    testing::Destination<T> to(n * d, accumulate);
    kernels::dropout(to.sink(), dy.data(), mask, sequences.view(), n, d);
    CHECK(reference::relative_error(to.values, to.after(dx)) < 1e-7);
  }
}

TEST_CASE("DropoutMask: the probability is rounded to 1/65536, and the scale keeps the expectation") {
  CHECK_FALSE(DropoutMask::of(0, {}));
  CHECK(DropoutMask::of(0.1, {}).threshold == 6554);
  const auto mask = DropoutMask::of(0.1, {});
  CHECK((1 - mask.threshold / 65536.0) * mask.scale() == doctest::Approx(1).epsilon(1e-15));
  CHECK(DropoutMask::of(0.5, {}).scale() == 2);
}
