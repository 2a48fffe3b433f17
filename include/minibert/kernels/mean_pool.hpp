// Mean pooling: the mean of each sequence's rows.
#pragma once

#include <minibert/core/sequences.hpp>
#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes y[b], the mean of x[t] over the rows t of sequence b; zero for an empty sequence. x: (N, d), y: (B, d), for
/// N rows of B sequences.
template <class T>
void mean_pool_forward(T* y, const T* x, Sequences sequences, index_t d) noexcept;

/// Computes dx[t] = dy[b] / (rows of b) for all rows t of sequence b. dx: (N, d), dy: (B, d).
template <class T>
void mean_pool_backward(Sink<T> dx, const T* dy, Sequences sequences, index_t d) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/mean_pool.ipp>
#endif
