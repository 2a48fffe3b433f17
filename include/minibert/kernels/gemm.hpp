// C = epilogue(A·B) for row-major and transposed operands of any size and stride.
//
// C is cut into chunks, which threads take (detail/gemm_chunks.hpp). A chunk is a sequence of micro-tiles
// (detail/gemm_micro.hpp). A micro-tile stores its sums as soon as they are finished, so bias, activation and
// accumulation cost no extra pass over memory. Each sum over k is a single chain of multiply-adds. Neither the cuts of
// C and k nor the number of threads changes the order of the chain, so none of them changes a bit of the result.
// docs/matrix_product.md says more.
#pragma once

#include <minibert/core/parallel.hpp>
#include <minibert/core/precision.hpp>
#include <minibert/core/types.hpp>
#include <minibert/kernels/epilogue.hpp>
#include <minibert/kernels/matrix.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

/// Returns the number of elements of T that gemm needs as workspace; with threads = 1, the number that gemm_serial
/// needs.
template <class T>
index_t gemm_workspace(index_t n, index_t k, index_t threads = num_threads());

/// Multiplies on the calling thread: C (m×n) = epilogue(A (m×k) · B (k×n)).
/// workspace: gemm_workspace<T>(n, k, 1) elements.
template <class T>
void gemm_serial(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace,
                 Precision precision = Precision::full) noexcept;

/// Multiplies on all threads: C (m×n) = epilogue(A (m×k) · B (k×n)).
/// workspace: gemm_workspace<T>(n, k) elements.
template <class T>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace,
          Precision precision = Precision::full) noexcept;

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels

#ifndef MINIBERT_COMPILED
#include <minibert/kernels/impl/gemm.ipp>
#endif
