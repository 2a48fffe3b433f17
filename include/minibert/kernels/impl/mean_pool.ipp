// Definitions of kernels/mean_pool.hpp.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/mean_pool.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

template <class T>
void mean_pool_forward(T* y, const T* x, Sequences sequences, index_t d) noexcept {
  parallel_for(sequences.count, 1, [=](index_t b, index_t) {
    const index_t begin = sequences.cu_seqlens[b], end = sequences.cu_seqlens[b + 1];
    for (index_t j = 0; j < d; ++j) y[b * d + j] = T{0};
    for (index_t t = begin; t < end; ++t)
      for (index_t j = 0; j < d; ++j) y[b * d + j] += x[t * d + j];
    if (end > begin)
      for (index_t j = 0; j < d; ++j) y[b * d + j] /= static_cast<T>(end - begin);
  });
}

template <class T>
void mean_pool_backward(Sink<T> dx, const T* dy, Sequences sequences, index_t d) noexcept {
  if (!dx) return;
  parallel_for(sequences.count, 1, [=](index_t b, index_t) {
    const index_t begin = sequences.cu_seqlens[b], end = sequences.cu_seqlens[b + 1];
    for (index_t t = begin; t < end; ++t)
      for (index_t j = 0; j < d; ++j) {
        const T share = dy[b * d + j] / static_cast<T>(end - begin);
        dx.data[t * d + j] = dx.accumulate ? dx.data[t * d + j] + share : share;
      }
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                               \
  template void mean_pool_forward(T* y, const T* x, Sequences sequences, index_t d) noexcept; \
  template void mean_pool_backward(Sink<T> dx, const T* dy, Sequences sequences, index_t d) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
