// Helpers for the tests of kernels.
#pragma once

#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>

#include "support/reference.hpp"

namespace minibert::testing {

/// Returns the relative error allowed between a kernel and its reference, which computes in double.
template <class T>
constexpr double tolerance() {
  return std::is_same_v<T, float> ? 2e-6 : 1e-13;
}

/// Checks that f() returns the same bits with 1, 2, 3 and 4 threads, and returns them.
template <class F>
auto on_any_threads(F f) {
  const int before = num_threads();
  set_num_threads(1);
  const auto expected = f();
  for (const int threads : {2, 3, 4}) {
    set_num_threads(threads);
    CHECK(f() == expected);
  }
  set_num_threads(before);
  return expected;
}

/// A buffer for a gradient, filled with 0.25. A kernel either overwrites the contents or adds the gradient to them.
template <class T>
class Destination {
 public:
  Destination(index_t n, bool accumulate) : values(core::usize(n), T{0.25}), accumulate_(accumulate) {}
  Sink<T> sink() { return {values.data(), accumulate_}; }
  /// Returns the contents expected after the kernel has stored `gradient`.
  reference::Numbers after(reference::Numbers gradient) const {
    if (accumulate_)
      for (double& x : gradient) x += 0.25;
    return gradient;
  }

  std::vector<T> values;

 private:
  bool accumulate_;
};

}  // namespace minibert::testing
