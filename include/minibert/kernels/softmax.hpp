// Softmax and log-softmax of rows.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes y = eˣ / Σ eˣ for each of n rows of d elements. Subtracts the largest element of the row first, so that
/// nothing overflows.
template <class T>
void softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept;

/// Computes dx = y·(dy − Σ dy·y) for each of n rows of d elements. y: the result of softmax_forward.
template <class T>
void softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept;

/// Computes y = x − log Σ eˣ for each of n rows of d elements. Subtracts the largest element of the row first, so that
/// nothing overflows.
template <class T>
void log_softmax_forward(T* y, const T* x, index_t n, index_t d) noexcept;

/// Computes dx = dy − eʸ·Σ dy for each of n rows of d elements. y: the result of log_softmax_forward.
template <class T>
void log_softmax_backward(Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/softmax.ipp>
#endif
