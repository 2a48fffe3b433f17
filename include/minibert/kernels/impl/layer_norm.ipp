// Definitions of kernels/layer_norm.hpp.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/layer_norm_rows.hpp>
#include <minibert/kernels/layer_norm.hpp>
#include <minibert/kernels/reduce.hpp>
#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

MINIBERT_INLINE index_t layer_norm_backward_workspace(index_t n, index_t d) noexcept {
  return num_chunks(n, detail::kLayerNormGrain) * 2 * d;
}

template <class T>
void layer_norm_forward(T* y, T* mean, T* rstd, const LayerNormInputs<T>& in) noexcept {
  parallel_for(in.n, detail::kLayerNormGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::LayerNormForward>(y, mean, rstd, in, begin, end);
  });
}

template <class T>
void layer_norm_backward(const LayerNormGradients<T>& to, const T* dy, const T* mean, const T* rstd,
                         const LayerNormInputs<T>& in, T* workspace) noexcept {
  const index_t d = in.d;
  parallel_for(in.n, detail::kLayerNormGrain, [=](index_t begin, index_t end) {
    T* partial = workspace + begin / detail::kLayerNormGrain * 2 * d;
    simd::dispatch<detail::LayerNormBackward>(to, partial, dy, mean, rstd, in, begin, end);
  });
  const index_t chunks = num_chunks(in.n, detail::kLayerNormGrain);
  sum_rows(to.dweight, workspace, 2 * d, chunks, d);
  sum_rows(to.dbias, workspace + d, 2 * d, chunks, d);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                 \
  template void layer_norm_forward(T* y, T* mean, T* rstd, const LayerNormInputs<T>& in) noexcept;              \
  template void layer_norm_backward(const LayerNormGradients<T>& to, const T* dy, const T* mean, const T* rstd, \
                                    const LayerNormInputs<T>& in, T* workspace) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
