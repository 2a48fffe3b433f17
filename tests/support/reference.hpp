// Slow twins of the kernels: plain loops, for comparison only.
#pragma once

#include <cmath>
#include <vector>

#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/kernels/matrix.hpp>

namespace minibert::reference {

/// `count` standard normal numbers, always the same for the same stream.
template <class T>
std::vector<T> normal(index_t count, int stream = 0) {
  std::vector<T> x(usize(count));
  const random::Key key = random::Key(1234).fold(stream);
  for (index_t i = 0; i < count; ++i) at(x, i) = static_cast<T>(key.normal(static_cast<std::uint32_t>(i)));
  return x;
}

/// max |a − b| / max |b|; NaN if either holds one.
template <class A, class B>
double relative_error(const A& a, const B& b) {
  double difference = 0, scale = 0;
  for (index_t i = 0; i < length(b); ++i) {
    const double d = std::abs(static_cast<double>(at(a, i)) - static_cast<double>(at(b, i)));
    if (std::isnan(d)) return d;
    difference = std::max(difference, d);
    scale = std::max(scale, std::abs(static_cast<double>(at(b, i))));
  }
  return length(a) == length(b) ? difference / (scale > 0 ? scale : 1) : NAN;
}

/// C = A·B in double.
template <class T>
std::vector<double> gemm(index_t m, index_t n, index_t k, kernels::Matrix<T> a, kernels::Matrix<T> b) {
  std::vector<double> c(usize(m * n), 0.0);
  for (index_t i = 0; i < m; ++i)
    for (index_t p = 0; p < k; ++p)
      for (index_t j = 0; j < n; ++j)
        at(c, i * n + j) += static_cast<double>(a.data[i * a.row_stride + p * a.column_stride]) *
                            static_cast<double>(b.data[p * b.row_stride + j * b.column_stride]);
  return c;
}

}  // namespace minibert::reference
