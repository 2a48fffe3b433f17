// GELU (Hendrycks and Gimpel, 2016): x·Φ(x), exact or by the tanh approximation that GPT-2 uses.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

struct GeluExact;  ///< x·Φ(x)
struct GeluTanh;   ///< x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))

/// Computes y = activation(x) for n elements. Activation: GeluExact or GeluTanh.
template <class Activation, class T>
void activation_forward(T* y, const T* x, index_t n) noexcept;

/// Computes dx = dy·activation'(x) for n elements. dx.data may be dy.
template <class Activation, class T>
void activation_backward(Sink<T> dx, const T* dy, const T* x, index_t n) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/gelu.ipp>
#endif
