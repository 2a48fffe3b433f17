// Layer normalization (Ba et al., 2016) of rows, after adding an optional residual.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {

/// The inputs of both passes: n rows of d elements.
template <class T>
struct LayerNormInputs {
  const T* x;         ///< (n, d)
  const T* residual;  ///< (n, d), added to x; may be null
  const T* weight;    ///< (d)
  const T* bias;      ///< (d)
  T eps;
  index_t n, d;
};

/// The destinations of the gradients, which must not overlap. A gradient with an empty Sink is not computed.
template <class T>
struct LayerNormGradients {
  Sink<T> dx = {}, dresidual = {}, dweight = {}, dbias = {};
};

inline namespace MINIBERT_ARCH {

/// Computes y = (z − mean z) / √(var z + eps) · weight + bias for each of n rows z = x + residual. For the backward
/// kernel, writes the mean of each row to `mean` (n) and 1/√(var z + eps) to `rstd` (n), unless both are null.
template <class T>
void layer_norm_forward(T* y, T* mean, T* rstd, const LayerNormInputs<T>& in) noexcept;

/// Returns the number of elements of T that layer_norm_backward needs as scratch memory.
index_t layer_norm_backward_workspace(index_t n, index_t d) noexcept;

/// Computes the gradients. With x̂ = (z − mean)·rstd and g = dy·weight: dx and dresidual are
/// (g − mean g − x̂·mean(g·x̂))·rstd for each row, dweight = Σ dy·x̂ and dbias = Σ dy over all rows.
template <class T>
void layer_norm_backward(const LayerNormGradients<T>& to, const T* dy, const T* mean, const T* rstd,
                         const LayerNormInputs<T>& in, T* workspace) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/layer_norm.ipp>
#endif
