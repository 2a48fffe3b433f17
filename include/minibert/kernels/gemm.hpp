// C = epilogue(A·B) for row-major and transposed operands of any size and stride.
//
// C is cut into chunks, which threads take; a chunk is a sequence of micro-tiles, whose sums are made in registers and
// given to the epilogue, so that bias, activation or accumulation cost no pass over memory. Processors with 32
// registers read operands where they lie (detail/gemm_streamed.hpp), others pack them (detail/gemm_packed.hpp). Each
// sum over k is a single chain, however it is cut: results have the same bits for any cut and any number of threads.
#pragma once

#include <algorithm>

#include <minibert/kernels/detail/gemm_packed.hpp>
#include <minibert/kernels/detail/gemm_streamed.hpp>
#include <minibert/kernels/epilogue.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Elements of scratch memory of one chunk, however it is multiplied.
template <class T>
index_t gemm_chunk_workspace(index_t n, index_t k) {
  index_t most = std::max({PackedGemm<FullProducts<T>>::workspace(k), GemmRows<FullProducts<T>>::workspace(n, k),
                           GemmPanels<FullProducts<T>>::workspace(k)});
  if constexpr (std::is_same_v<T, float>) most = std::max(most, GemmRows<Bf16Products>::workspace(n, k));
  return most;
}

template <bool Parallel, class Products, class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace) noexcept {
  const index_t thread_workspace = gemm_chunk_workspace<T>(n, k);
  if constexpr (Products::template streams<simd::Avx512>)
    if (simd::isa() >= simd::Isa::avx512)
      return streamed_gemm<Parallel, Products>(m, n, k, a, b, epilogue, workspace, thread_workspace);
  if constexpr (!Products::template streams<simd::Avx2>)
    packed_gemm<Parallel, Products>(m, n, k, a, b, epilogue, workspace, thread_workspace);
}

}  // namespace detail

/// Elements of scratch memory that gemm (threads: num_threads()) or gemm_serial (threads: 1) needs.
template <class T>
index_t gemm_workspace(index_t n, index_t k, index_t threads) {
  return round_up(n, detail::kMaxTileColumns) * std::max<index_t>(k, 1) +
         threads * detail::gemm_chunk_workspace<T>(n, k);
}

/// C (m×n) = epilogue(A (m×k) · B (k×n)) on the calling thread.
/// workspace: gemm_workspace<T>(n, k, 1) elements.
template <class T, class Epilogue>
void gemm_serial(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
                 Precision precision = Precision::full) noexcept {
  detail::with_products<T>(
      precision, [&](auto products) { detail::gemm<false, decltype(products)>(m, n, k, a, b, epilogue, workspace); });
}

/// C (m×n) = epilogue(A (m×k) · B (k×n)) on all threads.
/// workspace: gemm_workspace<T>(n, k, num_threads()) elements.
template <class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
          Precision precision = Precision::full) noexcept {
  detail::with_products<T>(
      precision, [&](auto products) { detail::gemm<true, decltype(products)>(m, n, k, a, b, epilogue, workspace); });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
