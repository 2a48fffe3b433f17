// Sums in a fixed order.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes y[j] = Σ x[i·stride + j] over n rows i, for d columns j. Sums each column from the first row to the last.
template <class T>
void sum_rows(Sink<T> y, const T* x, index_t stride, index_t n, index_t d) noexcept;

/// Returns Σ x over n elements, summed in double from the first to the last.
template <class T>
double sum(const T* x, index_t n) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/reduce.ipp>
#endif
