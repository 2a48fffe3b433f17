// What the tests of kernels share.
#pragma once

#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/parallel.hpp>
#include <minibert/core/sink.hpp>

#include "support/reference.hpp"

namespace minibert::testing {

/// How far a kernel may be from its twin, which computes in double.
template <class T>
constexpr double tolerance() {
  return std::is_same_v<T, float> ? 2e-6 : 1e-13;
}

/// f() must return the same bits for 1, 2, 3 and 4 threads; returns them.
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

/// A buffer with known contents in which a gradient is left: replacing them, or added to them.
template <class T>
class Destination {
 public:
  Destination(index_t n, bool accumulate) : values(core::usize(n), T{0.25}), accumulate_(accumulate) {}
  Sink<T> sink() { return {values.data(), accumulate_}; }
  /// What should be there.
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
