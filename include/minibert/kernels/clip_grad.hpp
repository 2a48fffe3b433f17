// Kernels for clipping the norm of a gradient: the sum of squares in double, and scaling.
#pragma once

#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes *sum = Σ x² over n elements, summed in double. Serial: the caller divides the work.
template <class T>
void sum_of_squares(double* sum, const T* x, index_t n) noexcept;

/// Multiplies n elements by factor, in place. Serial: the caller divides the work.
template <class T>
void scale(T* x, T factor, index_t n) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/clip_grad.ipp>
#endif
