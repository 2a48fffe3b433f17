#include <minibert/simd/dispatch.hpp>

#include <doctest/doctest.h>

#include <minibert/kernels/detail/layer_norm_rows.hpp>
#include <minibert/kernels/detail/softmax_rows.hpp>
#include <minibert/kernels/layer_norm.hpp>
#include <minibert/kernels/softmax.hpp>

#include "support/reference.hpp"

using namespace minibert;

namespace {

struct Width {
  template <class Arch>
  [[gnu::always_inline]] static void run(int* bytes) {
    *bytes = Arch::bytes;
  }
};

/// Calls f(name, run) for each instruction set of this processor. run(arguments…) runs the kernel compiled for it.
template <class Kernel, class F>
void on_each_isa(F f) {
  f("baseline", [](auto... args) { simd::detail::run_baseline<Kernel>(args...); });
#if defined(__x86_64__)
  if (simd::best_isa() >= simd::Isa::avx2) f("avx2", [](auto... args) { simd::detail::run_avx2<Kernel>(args...); });
  if (simd::best_isa() >= simd::Isa::avx512)
    f("avx512", [](auto... args) { simd::detail::run_avx512<Kernel>(args...); });
#endif
}

}  // namespace

TEST_CASE("dispatch runs what isa() chose") {
  int bytes = 0;
  simd::dispatch<Width>(&bytes);
  CHECK(bytes == (simd::isa() >= simd::Isa::avx512 ? 64 : simd::isa() == simd::Isa::avx2 ? 32 : 16));
}

TEST_CASE_TEMPLATE("the same result within rounding for every instruction set", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-14;
  const index_t n = 4, d = 75;
  const auto x = reference::normal<T>(n * d, 1), weight = reference::normal<T>(d, 2);
  std::vector<T> first;
  on_each_isa<kernels::detail::SoftmaxRows>([&](const char* name, auto run) {
    INFO(name);
    std::vector<T> y(core::usize(n * d));
    run(y.data(), static_cast<T*>(nullptr), x.data(), n, d);
    if (first.empty()) first = y;
    CHECK(reference::relative_error(y, first) < tolerance);
  });
  first.clear();
  on_each_isa<kernels::detail::LayerNormForward>([&](const char* name, auto run) {
    INFO(name);
    std::vector<T> y(core::usize(n * d));
    T* none = nullptr;
    const kernels::LayerNormInputs<T> in{.x = x.data(),
                                         .residual = nullptr,
                                         .weight = weight.data(),
                                         .bias = weight.data(),
                                         .eps = static_cast<T>(1e-5),
                                         .n = n,
                                         .d = d};
    run(y.data(), none, none, in, index_t{0}, n);
    if (first.empty()) first = y;
    CHECK(reference::relative_error(y, first) < tolerance);
  });
}
