// Computes softmax, log-softmax and their gradients for some rows, on one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <minibert/core/types.hpp>
#include <minibert/simd/math.hpp>
#include <minibert/simd/part.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Returns the largest element of a row of d elements; −∞ if d is 0. Ignores NaN, which then appears in the sum of
/// exponentials.
template <class V, class T>
[[gnu::always_inline]] inline T row_max(const T* x, index_t d) {
  const V lowest = V::broadcast(-std::numeric_limits<T>::infinity());
  V best = lowest;
  index_t i = 0;
  for (; i + V::lanes <= d; i += V::lanes) best = simd::max(V::load(x + i), best);
  T largest = simd::max_lane(best);
  for (; i < d; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/// Computes y = softmax(x) for n rows of d elements, serially. Writes log Σ eˣ of each row to lse (n), unless lse is
/// null. y may be x.
struct SoftmaxRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, T* lse, const T* x, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, x += d, y += d) {
      const T largest = row_max<V>(x, d);
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V e = simd::exp(part.template load<V>(x + i) - V::broadcast(largest));
            part.store(e, y + i);
            total = total + part.keep(e);
          });
      const T sum = simd::sum(total);
      const V inverse = V::broadcast(T{1} / sum);
      simd::for_vectors<V>(
          d, [&](index_t i, auto part)
                 __attribute__((always_inline)) { part.store(part.template load<V>(y + i) * inverse, y + i); });
      if (lse != nullptr) lse[row] = largest + std::log(sum);
    }
  }
};

/// Computes dx = y·(dy − Σ dy·y), or adds it to dx, for n rows of d elements, serially.
struct SoftmaxBackwardRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* dx, bool add, const T* dy, const T* y, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, dx += d, dy += d, y += d) {
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            total = simd::fma(part.template load<V>(dy + i), part.template load<V>(y + i), total);
          });
      const V dot = V::broadcast(simd::sum(total));
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V gradient = part.template load<V>(y + i) * (part.template load<V>(dy + i) - dot);
            simd::store_or_add(gradient, dx + i, add, part);
          });
    }
  }
};

/// Computes y = log softmax(x) for n rows of d elements, serially. y may be x.
struct LogSoftmaxRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* y, const T* x, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, x += d, y += d) {
      const V largest = V::broadcast(row_max<V>(x, d));
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            total = total + part.keep(simd::exp(part.template load<V>(x + i) - largest));
          });
      // Subtracts twice: if x is large, the sum largest + log_total would round log_total away.
      const V log_total = V::broadcast(std::log(simd::sum(total)));
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            part.store(part.template load<V>(x + i) - largest - log_total, y + i);
          });
    }
  }
};

/// Computes dx = dy − eʸ·Σ dy, or adds it to dx, for n rows of d elements, serially.
struct LogSoftmaxBackwardRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* dx, bool add, const T* dy, const T* y, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, dx += d, dy += d, y += d) {
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part)
                 __attribute__((always_inline)) { total = total + part.template load<V>(dy + i); });
      const V sum = V::broadcast(simd::sum(total));
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V gradient = part.template load<V>(dy + i) - simd::exp(part.template load<V>(y + i)) * sum;
            simd::store_or_add(gradient, dx + i, add, part);
          });
    }
  }
};

/// Returns the number of rows of a parallel chunk: about 4,096 elements, at least one row.
constexpr index_t softmax_grain(index_t d) noexcept { return d < 4096 ? 4096 / (d + 1) + 1 : 1; }

}  // namespace detail

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
