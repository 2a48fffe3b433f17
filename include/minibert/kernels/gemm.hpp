// C = epilogue(A·B) for row-major and transposed operands of any size and stride.
//
// A thread takes a chunk of C's rows, and passes over the panels of B, a micro-tile's columns wide. Where the elements
// of a row lie side by side nothing is packed: A's are broadcast from where they are, B's are loaded, and the
// micro-tile fetches the next panel ahead of its use. Else A is packed a chunk at a time, and B beforehand, into
// panels. Sums are made in registers and given to the epilogue, so that bias, activation or accumulation cost no pass
// over memory. The sum over k is cut by its length only, whatever the number of threads: results have the same bits.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/core/precision.hpp>
#include <minibert/kernels/detail/gemm_bf16.hpp>
#include <minibert/kernels/detail/gemm_micro.hpp>
#include <minibert/kernels/detail/gemm_pack.hpp>
#include <minibert/kernels/epilogue.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// B in panels: those before column `direct` are read in place, the others were packed.
template <class T>
struct GemmColumns {
  Matrix<T> matrix;
  const T* packed;
  index_t direct, k;

  /// Rows from p on of the panel at column j.
  template <class Tile>
  MicroColumns<T> panel(index_t j, index_t p) const {
    if (j < direct) return {matrix.data + p * matrix.row_stride + j, matrix.row_stride};
    return {packed + (j - direct) * k + p * Tile::columns, Tile::columns};
  }
};

/// The columns of B (k×n) that can be read in place: whole vectors, of rows that do not all meet in the same sets of
/// the cache.
template <class T>
index_t direct_columns(const Matrix<T>& b, index_t n) noexcept {
  constexpr index_t kWorstStride = 8192 / sizeof(T), kVector = 16;
  if (b.column_stride != 1 || b.row_stride % kWorstStride == 0) return 0;
  return n % kVector == 0 ? n : n / kMaxTileColumns * kMaxTileColumns;
}

/// Rows [first, last) of C, at most kRowChunk, and columns [column, column_end). scratch: gemm_chunk_workspace.
struct GemmRows {
  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(index_t first, index_t last, index_t column, index_t column_end, index_t k,
                                         Matrix<T> a, GemmColumns<T> b, T* scratch, Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    const index_t block = DepthBlocks<T>(k, b.direct > 0).length;
    const bool packs_rows = a.column_stride != 1;
    T *packed_a = scratch, *tiles = scratch + kRowChunk * block;
    const MicroRows<T> rows = packs_rows ? MicroRows<T>{packed_a, 1, kRowChunk, 0}
                                         : MicroRows<T>{a.data + first * a.row_stride, a.row_stride, 1, 0};
    for (index_t p = 0; p == 0 || p < k; p += block) {  // a sum over nothing is 0
      const index_t depth = std::min(block, k - p);
      if (packs_rows) pack_rows<typename Tile::V>(packed_a, kRowChunk, a, first, last, p, p + depth);
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const MicroColumns<T> panel = b.template panel<Tile>(j, p);
        const bool ends_row = j + Tile::columns >= column_end, ends = p + block >= k;
        const MicroColumns<T> next = ends_row && ends ? panel
                                     : ends_row       ? b.template panel<Tile>(column, p + block)
                                                      : b.template panel<Tile>(j + Tile::columns, p);
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{
              i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), p == 0, ends};
          const index_t line = (i - first) / Tile::rows;
          MicroAhead ahead = fetch<Tile>(next, line);
          if (packs_rows && ends_row && !ends && line >= kLines<Tile>)
            ahead = {a.data + (p + block) * a.column_stride + first + (line - kLines<Tile>)*kLine<T>,
                     a.column_stride * static_cast<index_t>(sizeof(T))};
          const MicroRows<T> piece{rows.data + (i - first) * rows.row_stride + (packs_rows ? 0 : p), rows.row_stride,
                                   rows.step, place.i_end - i};
          micro_tile<Arch>(place, tiles + (j - column) * kRowChunk + (i - first) * Tile::columns, piece, panel, depth,
                           ahead, epilogue);
        }
      }
    }
  }

 private:
  template <class T>
  static constexpr index_t kLine = 64 / sizeof(T);  // elements of a cache line
  template <class Tile>
  static constexpr index_t kLines = (Tile::columns * sizeof(Tile::V::v[0]) + 63) / 64;  // that a row of a panel takes

  template <class Tile, class T>
  [[gnu::always_inline]] static MicroAhead fetch(const MicroColumns<T>& panel, index_t line) {
    return {panel.data + (line < kLines<Tile> ? line : 0) * kLine<T>, panel.stride * static_cast<index_t>(sizeof(T))};
  }
};

/// Elements of scratch memory of one chunk: rows of A, and tiles between blocks of k.
template <class T>
index_t gemm_chunk_workspace(index_t n, index_t k) {
  const index_t full = kRowChunk * (std::max(DepthBlocks<T>(k, true).length, DepthBlocks<T>(k, false).length) +
                                    round_up(n, kMaxTileColumns));
  return std::is_same_v<T, float> ? std::max(full, GemmBf16Rows::workspace(n, k)) : full;
}

/// How C (m×n) is cut: into chunks of rows, which give every thread a few, and where there are few rows also of columns.
struct GemmChunks {
  index_t m, n, column_grain, columns, count;
  GemmChunks(index_t m_, index_t n_)
      : m(m_),
        n(n_),
        column_grain(num_chunks(m, kRowChunk) >= 8 ? std::max<index_t>(n, 1) : 2 * kMaxTileColumns),
        columns(num_chunks(n, column_grain)),
        count(num_chunks(m, kRowChunk) * columns) {}

  /// f(first row, end, first column, end)
  template <class F>
  void visit(index_t chunk, F f) const {
    const index_t row = chunk / columns * kRowChunk, column = chunk % columns * column_grain;
    f(row, std::min(row + kRowChunk, m), column, std::min(column + column_grain, n));
  }
};

/// Runs f(begin, end) for all columns that are packed, and then g(chunk) for all chunks: on all threads, or on this one.
template <bool Parallel, class F, class G>
void pack_and_multiply(index_t packed_columns, const GemmChunks& chunks, F pack, G multiply) noexcept {
  if constexpr (Parallel) {
    parallel_for(packed_columns, kMaxTileColumns, pack);
    parallel_for(chunks.count, 1, [=](index_t chunk, index_t) { multiply(chunk); });
  } else {
    if (packed_columns > 0) pack(index_t{0}, packed_columns);
    for (index_t chunk = 0; chunk < chunks.count; ++chunk) multiply(chunk);
  }
}

template <bool Parallel, class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
          Precision precision) noexcept {
  const GemmChunks chunks(m, n);
  T* chunk_scratch = workspace + round_up(n, kMaxTileColumns) * k;
  const auto scratch = [=] {
    return chunk_scratch + (Parallel ? thread_index() : 0) * gemm_chunk_workspace<T>(n, k);
  };
  if constexpr (std::is_same_v<T, float>) {
    if (precision == Precision::bf16) {
      auto* packed = reinterpret_cast<Bf16Pair*>(workspace);
      pack_and_multiply<Parallel>(
          n, chunks,
          [=](index_t begin, index_t end) { simd::dispatch<PackBf16Columns>(packed, b, begin, end, k); },
          [=](index_t chunk) {
            chunks.visit(chunk, [&](index_t first, index_t last, index_t column, index_t column_end) {
              simd::dispatch<GemmBf16Rows>(first, last, column, column_end, k, a, static_cast<const Bf16Pair*>(packed),
                                           scratch(), epilogue);
            });
          });
      return;
    }
  }
  const index_t direct = direct_columns(b, n);
  const GemmColumns<T> columns{b, workspace, direct, k};
  pack_and_multiply<Parallel>(
      n - direct, chunks,
      [=](index_t begin, index_t end) {
        simd::dispatch<PackColumns>(workspace, b, direct, direct + begin, direct + end, k);
      },
      [=](index_t chunk) {
        chunks.visit(chunk, [&](index_t first, index_t last, index_t column, index_t column_end) {
          simd::dispatch<GemmRows>(first, last, column, column_end, k, a, columns, scratch(), epilogue);
        });
      });
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
  detail::gemm<false>(m, n, k, a, b, epilogue, workspace, precision);
}

/// C (m×n) = epilogue(A (m×k) · B (k×n)) on all threads.
/// workspace: gemm_workspace<T>(n, k, num_threads()) elements.
template <class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
          Precision precision = Precision::full) noexcept {
  detail::gemm<true>(m, n, k, a, b, epilogue, workspace, precision);
}

}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
