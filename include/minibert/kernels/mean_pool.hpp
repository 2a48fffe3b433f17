// Mean pooling: the mean of each sequence's rows.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes y[b], the mean of x[t] over the rows t of sequence b; zero for an empty sequence. x: (N, d), y: (B, d), for
/// N rows of B sequences.
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

/// Computes dx[t] = dy[b] / (rows of b) for all rows t of sequence b. dx: (N, d), dy: (B, d).
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

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
