// Clipping of the gradient's norm, as torch.nn.utils.clip_grad_norm_.
#pragma once

#include <cmath>

#include <minibert/kernels/clip_grad.hpp>
#include <minibert/optim/parameter_chunks.hpp>

namespace minibert::optim {

/// The L2 norm over the gradients of all parameters that have one, added up in double.
template <class T>
double grad_norm(ParameterChunks<T>& chunks) noexcept {
  return std::sqrt(chunks.sum_with_grad([&](double* sum, index_t p, index_t begin, index_t count) {
    kernels::sum_of_squares(sum, core::at(chunks.parameters(), p)->grad + begin, count);
  }));
}

/// What gradients of that norm are to be multiplied by: max_norm / (norm + 1e-6) if that is below 1, else 1. A norm
/// that is not finite leaves them alone.
inline double clip_factor(double norm, double max_norm) noexcept {
  const double factor = max_norm / (norm + 1e-6);
  return std::isfinite(norm) && factor < 1 ? factor : 1;
}

/// Scales all gradients by their clip_factor; returns the norm before. AdamW::step with the factor does the same in one
/// pass over the memory less.
template <class T>
double clip_grad_norm_(ParameterChunks<T>& chunks, double max_norm) noexcept {
  const double norm = grad_norm(chunks), factor = clip_factor(norm, max_norm);
  if (factor == 1) return norm;
  chunks.for_each_with_grad([&](index_t p, index_t begin, index_t count) {
    kernels::scale(core::at(chunks.parameters(), p)->grad + begin, static_cast<T>(factor), count);
  });
  return norm;
}

}  // namespace minibert::optim
