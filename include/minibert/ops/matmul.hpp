// Multiplies matrices or batches of matrices, as torch.matmul for two and three dimensions.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Computes C = A·B. (M, K)·(K, N) gives (M, N), and (B, M, K)·(B, K, N) gives (B, M, N). The gradients are dA = dC·Bᵗ
/// and dB = Aᵗ·dC. @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/matmul.ipp>
#endif
