// C = epilogue(A·B) for row-major and transposed operands of any size and stride.
//
// B is packed into panels of one micro-tile's width, all of k deep. A is read in place where its rows are contiguous
// (its elements are broadcast) and packed a row panel at a time where its columns are. A micro-tile of C is summed over
// all of k in registers and given to the epilogue, so that bias, activation or accumulation cost no pass over memory.
// The sum over k is never cut, whatever the number of threads: results have the same bits.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/kernels/detail/gemm_pack.hpp>
#include <minibert/kernels/epilogue.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// Rows [first, last) of C against the packed panels that hold columns [column, column_end).
struct GemmRows {
  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(index_t first, index_t last, index_t column, index_t column_end, index_t k,
                                         Matrix<T> a, const T* packed_b, T* packed_a, Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    if (a.column_stride == 1) {
      for (index_t j = column; j < column_end; j += Tile::columns)
        for (index_t i = first; i < last; i += Tile::rows)
          micro_tile<Arch, false>(i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), k,
                                  a.data + i * a.row_stride, a.row_stride, packed_b + j * k, epilogue);
    } else {
      for (index_t i = first; i < last; i += Tile::rows) {
        pack_row_panel<Tile::rows>(packed_a, a, i, std::min(i + Tile::rows, last), k);
        for (index_t j = column; j < column_end; j += Tile::columns)
          micro_tile<Arch, true>(i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), k,
                                 packed_a, 1, packed_b + j * k, epilogue);
      }
    }
  }
};

}  // namespace detail

/// Elements of scratch memory that gemm (threads: num_threads()) or gemm_serial (threads: 1) needs.
template <class T>
index_t gemm_workspace(index_t n, index_t k, index_t threads) {
  return (round_up(n, detail::kMaxTileColumns) + threads * detail::kMaxTileRows) * std::max<index_t>(k, 1);
}

/// C (m×n) = epilogue(A (m×k) · B (k×n)) on the calling thread.
/// workspace: gemm_workspace<T>(n, k, 1) elements.
template <class T, class Epilogue>
void gemm_serial(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace) noexcept {
  T* packed_a = workspace + round_up(n, detail::kMaxTileColumns) * k;
  simd::dispatch<detail::PackColumns>(workspace, b, index_t{0}, n, k);
  simd::dispatch<detail::GemmRows>(index_t{0}, m, index_t{0}, n, k, a, static_cast<const T*>(workspace), packed_a,
                                   epilogue);
}

/// C (m×n) = epilogue(A (m×k) · B (k×n)) on all threads.
/// workspace: gemm_workspace<T>(n, k, num_threads()) elements.
template <class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace) noexcept {
  // Chunks of rows as large as gives every thread a few; chunks of columns too where there are few rows.
  constexpr index_t kRowGrain = 48, kColumnGrain = detail::kMaxTileColumns * 2;  // multiples of every micro-tile's
  const index_t row_chunks = num_chunks(m, kRowGrain);
  const index_t column_grain = row_chunks >= 8 ? std::max<index_t>(n, 1) : kColumnGrain;
  const index_t column_chunks = num_chunks(n, column_grain);
  T* packed_a = workspace + round_up(n, detail::kMaxTileColumns) * k;

  parallel_for(n, kColumnGrain, [=](index_t begin, index_t end) {
    simd::dispatch<detail::PackColumns>(workspace, b, begin, end, k);
  });
  parallel_for(row_chunks * column_chunks, 1, [=](index_t chunk, index_t) {
    const index_t row = chunk / column_chunks * kRowGrain, column = chunk % column_chunks * column_grain;
    simd::dispatch<detail::GemmRows>(row, std::min(row + kRowGrain, m), column, std::min(column + column_grain, n), k, a,
                                     static_cast<const T*>(workspace),
                                     packed_a + thread_index() * detail::kMaxTileRows * k, epilogue);
  });
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
