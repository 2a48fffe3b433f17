// Cross-entropy of rows of logits against class labels.
#pragma once

#include <minibert/core/sink.hpp>
#include <minibert/core/types.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Computes losses[i] = −log softmax(logits[i])[labels[i]] for n rows of d classes; 0 if labels[i] is ignore_index.
/// Writes log Σ eˣ of each row to lse (n), for the backward kernel, except for ignored rows.
template <class T>
void cross_entropy_forward(T* losses, T* lse, const T* logits, const token_id* labels, token_id ignore_index, index_t n,
                           index_t d) noexcept;

/// Computes dx = scale·(softmax(logits) − 1[label]) for n rows of d classes; zero for ignored rows. scale: the gradient
/// of the loss, divided by the number of rows that the loss averages.
template <class T>
void cross_entropy_backward(Sink<T> dx, const T* logits, const T* lse, const token_id* labels, token_id ignore_index,
                            T scale, index_t n, index_t d) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/cross_entropy.ipp>
#endif
