// Products of matrices and of batches of matrices, as torch.matmul for two and three dimensions.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// C = A·B. (M, K)·(K, N) gives (M, N); (B, M, K)·(B, K, N) gives (B, M, N).
/// dA = dC·Bᵗ, dB = Aᵗ·dC. @throws ShapeError if the shapes do not fit
template <class T>
Variable<T> matmul(Variable<T> a, Variable<T> b);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/matmul.ipp>
#endif
