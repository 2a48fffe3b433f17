// One step of AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019), in PyTorch's order:
//
//   g ← s·g                                      clipping, without an extra pass over g
//   w ← w·(1 − lr·λ)                             decay, decoupled from the gradient
//   m ← β1·m + (1 − β1)·g                        exp_avg
//   v ← β2·v + (1 − β2)·g²                       exp_avg_sq
//   w ← w − lr/(1 − β1^t) · m / (√v/√(1 − β2^t) + ε)
#pragma once

#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// The factors of the formulas above, computed once per step.
template <class T>
struct AdamWCoefficients {
  T gradient_scale;  // s
  T decay;           // 1 − lr·λ
  T beta2;
  T one_minus_beta1, one_minus_beta2;
  T step_size;          // lr / (1 − β1^t)
  T denominator_scale;  // 1 / √(1 − β2^t)
  T epsilon;
};

/// Updates n parameters w and their moments m and v by the gradients g. Serial: the caller divides the work.
template <class T>
void adamw_step(T* w, T* m, T* v, const T* g, const AdamWCoefficients<T>& coefficients, index_t n) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/adamw.ipp>
#endif
