// Definitions of optim/clip_grad.hpp.
#pragma once

#include <cmath>

#include <minibert/kernels/clip_grad.hpp>
#include <minibert/optim/clip_grad.hpp>

namespace minibert::optim {

template <class T>
double grad_norm(ParameterChunks<T>& chunks) noexcept {
  return std::sqrt(chunks.sum_with_grad([&](double* sum, index_t p, index_t begin, index_t count) {
    kernels::sum_of_squares(sum, core::at(chunks.parameters(), p)->grad + begin, count);
  }));
}

MINIBERT_INLINE double clip_factor(double norm, double max_norm) noexcept {
  const double factor = max_norm / (norm + 1e-6);
  return std::isfinite(norm) && factor < 1 ? factor : 1;
}

template <class T>
double clip_grad_norm_(ParameterChunks<T>& chunks, double max_norm) noexcept {
  const double norm = grad_norm(chunks), factor = clip_factor(norm, max_norm);
  if (factor == 1) return norm;
  chunks.for_each_with_grad([&](index_t p, index_t begin, index_t count) {
    kernels::scale(core::at(chunks.parameters(), p)->grad + begin, static_cast<T>(factor), count);
  });
  return norm;
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                   \
  template double grad_norm(ParameterChunks<T>& chunks) noexcept; \
  template double clip_grad_norm_(ParameterChunks<T>& chunks, double max_norm) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::optim
