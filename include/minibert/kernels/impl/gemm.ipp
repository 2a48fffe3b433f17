// Definitions of kernels/gemm.hpp.
#pragma once

#include <algorithm>

#include <minibert/kernels/detail/gemm_kernel.hpp>
#include <minibert/kernels/epilogue.hpp>
#include <minibert/kernels/gemm.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Returns the number of elements of T that one chunk needs as scratch memory, for any instruction set and precision.
template <class T>
index_t gemm_chunk_workspace(index_t n, index_t k) {
  return std::max(GemmScratch<GemmTuning<simd::Avx512>>::largest(n, k),
                  GemmScratch<GemmTuning<simd::Avx2>>::largest(n, k));
}

/// Multiplies with the tuning of one instruction set. workspace: round_up(n, kMaxTileColumns)·k elements for a packed
/// B, then the scratch memory of each thread (gemm_chunk_workspace() elements).
template <bool Parallel, class Tuning, class Products, class T>
void tuned_gemm(Products products, index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue,
                T* workspace) noexcept {
  using Element = typename Products::Element;
  auto* packed = reinterpret_cast<Element*>(workspace);
  T* scratch = workspace + core::round_up(n, kMaxTileColumns) * k;
  const index_t thread_scratch = gemm_chunk_workspace<T>(n, k);
  index_t direct = 0;
  GemmCut cut{a.column_stride != 1, a.column_stride != 1, false, false};
  if constexpr (Tuning::kStreams) {
    if constexpr (std::is_same_v<T, Element>)
      direct = products.reads_in_place() ? direct_columns<Tuning>(b, m, n, k) : 0;
    cut.packs_rows = products.packs_rows(a);
    cut.deep = direct > 0 && rows_until_collision(b.row_stride * index_t{sizeof(T)}) >= Tuning::kCollidingRows;
  }
  cut.own_panels = direct == 0 && m < Tuning::kSharedRows;
  const index_t depth = Products::depth(k),
                block = depth_block(depth, cut.deep ? Tuning::kBlockInPlace : Tuning::kBlock);
  const GemmColumns<T, Element> columns{b, packed, direct, depth, block, cut.own_panels};
  const auto pack = [=](index_t begin, index_t end) {
    simd::dispatch<PackPanels<Products>>(products, packed + begin * depth, b.at(0, direct + begin), end - begin, k);
  };
  if constexpr (Parallel)
    parallel_for(cut.own_panels ? 0 : n - direct, kMaxTileColumns, pack);
  else if (!cut.own_panels && direct < n)
    pack(index_t{0}, n - direct);
  const GemmChunks chunks = gemm_chunks<T, Tuning>(m, n, k, cut, Parallel ? num_threads() : 1);
  for_chunks<Parallel>(chunks, [=](const GemmChunk& chunk) {
    T* own = scratch + (Parallel ? thread_index() : 0) * thread_scratch;
    simd::dispatch<GemmKernel<Products>>(products, chunk, a, columns, n, k, own, epilogue);
  });
}

/// Multiplies with the given precision, and with the tuning of the instruction set in use.
template <bool Parallel, class T>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace,
          Precision precision) noexcept {
  with_products<T>(precision, [&](auto products) {
    using Products = decltype(products);
    if (simd::isa() >= simd::Isa::avx512)
      return tuned_gemm<Parallel, typename Products::Streamed>(products, m, n, k, a, b, epilogue, workspace);
    if constexpr (Products::template runs_on<simd::Avx2>)
      tuned_gemm<Parallel, GemmTuning<simd::Avx2>>(products, m, n, k, a, b, epilogue, workspace);
  });
}

}  // namespace detail

template <class T>
index_t gemm_workspace(index_t n, index_t k, index_t threads) {
  return core::round_up(n, detail::kMaxTileColumns) * std::max<index_t>(k, 1) +
         threads * detail::gemm_chunk_workspace<T>(n, k);
}

template <class T>
void gemm_serial(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace,
                 Precision precision) noexcept {
  detail::gemm<false>(m, n, k, a, b, epilogue, workspace, precision);
}

template <class T>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace,
          Precision precision) noexcept {
  detail::gemm<true>(m, n, k, a, b, epilogue, workspace, precision);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                     \
  template index_t gemm_workspace<T>(index_t n, index_t k, index_t threads);                                        \
  template void gemm_serial(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue,        \
                            T* workspace, Precision precision) noexcept;                                            \
  template void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue<T> epilogue, T* workspace, \
                     Precision precision) noexcept;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
