// Clips the norm of the gradient, as torch.nn.utils.clip_grad_norm_.
#pragma once

#include <minibert/optim/parameter_chunks.hpp>

namespace minibert::optim {

/// Returns the L2 norm of all gradients together, accumulated in double precision. Skips parameters without a gradient.
template <class T>
double grad_norm(ParameterChunks<T>& chunks) noexcept;

/// Returns the factor that scales gradients of norm `norm` to at most max_norm: min(1, max_norm / (norm + 1e-6)).
/// Returns 1 if the norm is not finite.
double clip_factor(double norm, double max_norm) noexcept;

/// Scales all gradients by the clip_factor of their common norm. Returns the norm before scaling. If you pass the
/// factor to AdamW::step instead, the effect is the same and one pass over the gradients is saved.
template <class T>
double clip_grad_norm_(ParameterChunks<T>& chunks, double max_norm) noexcept;

}  // namespace minibert::optim

#ifndef MINIBERT_COMPILED
#include <minibert/optim/impl/clip_grad.ipp>
#endif
