// Definitions of kernels/cross_entropy.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/cross_entropy.hpp>
#include <minibert/kernels/detail/softmax_rows.hpp>
#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Computes lse[row] = log Σ eˣ and losses[row] = lse[row] − x[label] for n rows x of d logits; a loss of 0 for ignored
/// rows.
struct CrossEntropyRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(T* losses, T* lse, const T* logits, const token_id* labels,
                                         token_id ignore_index, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, logits += d) {
      losses[row] = T{0};
      if (labels[row] == ignore_index) continue;
      const T largest = row_max<V>(logits, d);
      V total{};
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            total = total + part.keep(simd::exp(part.template load<V>(logits + i) - V::broadcast(largest)));
          });
      lse[row] = largest + std::log(simd::sum(total));
      losses[row] = lse[row] - logits[labels[row]];
    }
  }
};

/// Computes dx = scale·(softmax(logits) − 1[label]); zero for ignored rows.
struct CrossEntropyBackwardRows {
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(Sink<T> dx, const T* logits, const T* lse, const token_id* labels,
                                         token_id ignore_index, T scale, index_t n, index_t d) {
    using V = typename Arch::template vec<T>;
    for (index_t row = 0; row < n; ++row, logits += d, dx.data += d) {
      if (labels[row] == ignore_index) {
        if (!dx.accumulate) std::fill_n(dx.data, d, T{0});
        continue;
      }
      const V factor = V::broadcast(scale), offset = V::broadcast(lse[row]);
      simd::for_vectors<V>(
          d, [&](index_t i, auto part) __attribute__((always_inline)) {
            const V gradient = simd::exp(part.template load<V>(logits + i) - offset) * factor;
            simd::store_or_add(gradient, dx.data + i, dx.accumulate, part);
          });
      dx.data[labels[row]] -= scale;
    }
  }
};

}  // namespace detail

template <class T>
void cross_entropy_forward(T* losses, T* lse, const T* logits, const token_id* labels, token_id ignore_index, index_t n,
                           index_t d) noexcept {
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::CrossEntropyRows>(losses + begin, lse + begin, logits + begin * d, labels + begin,
                                             ignore_index, end - begin, d);
  });
}

template <class T>
void cross_entropy_backward(Sink<T> dx, const T* logits, const T* lse, const token_id* labels, token_id ignore_index,
                            T scale, index_t n, index_t d) noexcept {
  if (!dx) return;
  parallel_for(n, detail::softmax_grain(d), [=](index_t begin, index_t end) {
    simd::dispatch<detail::CrossEntropyBackwardRows>(Sink<T>{dx.data + begin * d, dx.accumulate}, logits + begin * d,
                                                     lse + begin, labels + begin, ignore_index, scale, end - begin, d);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                           \
  template void cross_entropy_forward(T* losses, T* lse, const T* logits, const token_id* labels,         \
                                      token_id ignore_index, index_t n, index_t d) noexcept;              \
  template void cross_entropy_backward(Sink<T> dx, const T* logits, const T* lse, const token_id* labels, \
                                       token_id ignore_index, T scale, index_t n, index_t d) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
