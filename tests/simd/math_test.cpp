#include <minibert/simd/math.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/simd/dispatch.hpp>

using namespace minibert;

namespace {

struct ExpAll {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    for (index_t i = 0; i < n; i += V::lanes) simd::exp(V::load(x + i)).store(y + i);
  }
};
struct TanhAll {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    for (index_t i = 0; i < n; i += V::lanes) simd::tanh(V::load(x + i)).store(y + i);
  }
};
struct NormalAll {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* cdf, T* pdf, const T* x, index_t n) {
    using V = typename Arch::template vec<T>;
    for (index_t i = 0; i < n; i += V::lanes) {
      V c, p;
      simd::normal_cdf_pdf(V::load(x + i), c, p);
      c.store(cdf + i);
      p.store(pdf + i);
    }
  }
};

/// Returns n equidistant points from lo to hi.
template <class T>
std::vector<T> points(double lo, double hi, index_t n = 16 * 4096) {
  std::vector<T> x(core::usize(n));
  for (index_t i = 0; i < n; ++i)
    core::at(x, i) = static_cast<T>(lo + (hi - lo) * static_cast<double>(i) / static_cast<double>(n - 1));
  return x;
}

}  // namespace

TEST_CASE("exp: relative error over the whole range of float") {
  const auto x = points<float>(-87.3, 88.7);
  std::vector<float> y(x.size());
  simd::dispatch<ExpAll>(y.data(), x.data(), core::length(x));
  for (index_t i = 0; i < core::length(x); ++i)
    CHECK(std::abs(core::at(y, i) / std::exp(static_cast<double>(core::at(x, i))) - 1) < 2e-7);
}

TEST_CASE("exp: infinities, NaN and what lies outside the range") {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> x(16, 0.0f);
  x[0] = -inf, x[1] = -100, x[2] = 89, x[3] = inf, x[4] = std::numeric_limits<float>::quiet_NaN(), x[5] = -1e30f;
  std::vector<float> y(16);
  simd::dispatch<ExpAll>(y.data(), x.data(), index_t{16});
  CHECK(y[0] == 0);
  CHECK(y[1] == 0);
  CHECK(y[2] == inf);
  CHECK(y[3] == inf);
  CHECK(std::isnan(y[4]));
  CHECK(y[5] == 0);
  CHECK(y[6] == 1);
}

TEST_CASE("tanh: relative error, saturation, NaN") {
  auto x = points<float>(-12, 12);
  x[0] = std::numeric_limits<float>::quiet_NaN();
  x[1] = 200;
  x[2] = -200;
  std::vector<float> y(x.size());
  simd::dispatch<TanhAll>(y.data(), x.data(), core::length(x));
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 1);
  CHECK(y[2] == -1);
  for (index_t i = 3; i < core::length(x); ++i) {
    const double expected = std::tanh(static_cast<double>(core::at(x, i)));
    CHECK(std::abs(core::at(y, i) - expected) <= 4e-7 * std::abs(expected));
  }
}

TEST_CASE_TEMPLATE("normal_cdf_pdf against erfc", T, float, double) {
  const auto x = points<T>(-9, 9);
  std::vector<T> cdf(x.size()), pdf(x.size());
  simd::dispatch<NormalAll>(cdf.data(), pdf.data(), x.data(), core::length(x));
  const double unit = std::is_same_v<T, float> ? 1e-7 : 4e-16;
  for (index_t i = 0; i < core::length(x); ++i) {
    const double a = static_cast<double>(core::at(x, i)),
                 tolerance = unit * (4 + a * a);  // rounding of x² changes the exponent of e^(−x²/2)
    const double expected = 0.5 * std::erfc(-a / std::sqrt(2.0));
    CHECK(std::abs(static_cast<double>(core::at(cdf, i)) - expected) <= tolerance * expected);
    const double density = std::exp(-a * a / 2) / std::sqrt(2 * 3.14159265358979323846);
    CHECK(std::abs(static_cast<double>(core::at(pdf, i)) - density) <= tolerance * density);
  }
}
