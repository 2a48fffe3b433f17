// Clips the norm of the gradient, as torch.nn.utils.clip_grad_norm_.
#pragma once

#include <cmath>

#include <minibert/kernels/clip_grad.hpp>
#include <minibert/optim/parameter_chunks.hpp>

namespace minibert::optim {

/// Returns the L2 norm of all gradients together, accumulated in double. Skips parameters without a gradient.
template <class T>
double grad_norm(ParameterChunks<T>& chunks) noexcept {
  return std::sqrt(chunks.sum_with_grad([&](double* sum, index_t p, index_t begin, index_t count) {
    kernels::sum_of_squares(sum, core::at(chunks.parameters(), p)->grad + begin, count);
  }));
}

/// Returns the factor that scales gradients of norm `norm` to at most max_norm: min(1, max_norm / (norm + 1e-6)).
/// Returns 1 if the norm is not finite.
inline double clip_factor(double norm, double max_norm) noexcept {
  const double factor = max_norm / (norm + 1e-6);
  return std::isfinite(norm) && factor < 1 ? factor : 1;
}

/// Scales all gradients by their clip_factor. Returns the norm before scaling. Passing the factor to AdamW::step has
/// the same effect and saves one pass over the memory.
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
