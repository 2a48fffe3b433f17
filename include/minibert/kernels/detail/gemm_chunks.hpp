// Cuts C into chunks of work, which threads share.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/products.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// A piece of C: rows [first, last) and columns [column, column_end). `next` is the first row of the following chunk,
/// which the same thread most likely takes.
struct GemmChunk {
  index_t first, last, column, column_end, next;
};

/// Cuts C (m×n) into a grid of `count` chunks. The member `rows` is the number of bands into which the rows are cut.
/// The bands are as equal as multiples of `unit` rows allow. The columns are cut every column_grain columns.
struct GemmChunks {
  index_t m, n, rows, unit, column_grain, count;

  GemmChunks(index_t m_, index_t n_, index_t rows_, index_t unit_, index_t column_grain_)
      : m(m_),
        n(n_),
        rows(rows_),
        unit(unit_),
        column_grain(column_grain_),
        count(rows * core::ceil_div(n, column_grain)) {}

  /// Returns chunk i. Chunks of the same columns have consecutive indices.
  GemmChunk operator[](index_t i) const {
    const index_t row = i % rows, column = i / rows * column_grain;
    return {first_row(row), std::min(first_row(row + 1), m), column, std::min(column + column_grain, n),
            first_row((i + 1) % rows)};
  }

 private:
  index_t first_row(index_t row) const { return row * core::ceil_div(m, unit) / rows * unit; }
};

/// Returns the number of bands to cut rows into: `fewest`, rounded up to a multiple of `threads` if there are more
/// bands than threads. Without the rounding, some threads get more work: of 1,024 rows in bands of 48, one of two
/// threads had 528 rows, which cost 3 %.
inline index_t even_row_pieces(index_t fewest, index_t threads) {
  return fewest > threads ? core::round_up(fewest, threads) : fewest;
}

/// Returns the number of columns of a chunk, a multiple of kMaxTileColumns. The rows of C are already cut into `rows`
/// bands; with this number of columns there are about `wanted` chunks in all.
inline index_t even_column_grain(index_t n, index_t rows, index_t wanted) {
  const index_t pieces = core::ceil_div(wanted, std::max<index_t>(rows, 1));
  return std::max(core::round_up(core::ceil_div(n, pieces), kMaxTileColumns), 2 * kMaxTileColumns);
}

/// The conditions that determine how C is cut. columns_of_a: A's columns are contiguous; packs_rows: chunks pack their
/// rows of A; deep: B is read in place in blocks of kBlockInPlace steps; own_panels: chunks pack their own panels of B.
struct GemmCut {
  bool columns_of_a, packs_rows, deep, own_panels;
};

/// Cuts C for AVX-512. Cuts rows into whole tiles, or into whole cache lines if A's columns are contiguous. Also cuts
/// columns if there are fewer than kChunks chunks, or if B is larger than kRangeBytes. Chunks that pack their own
/// panels have kOwnColumns columns and up to kOwnRows rows; they have fewer rows only if threads would otherwise get
/// less than two chunks each.
template <class T, class Tuning>
GemmChunks streamed_chunks(index_t m, index_t n, index_t k, const GemmCut& cut, index_t threads) {
  constexpr index_t size = sizeof(T), line = 64 / size;
  if (cut.own_panels) {
    const index_t wanted = core::ceil_div(2 * threads, std::max<index_t>(core::ceil_div(n, Tuning::kOwnColumns), 1));
    const index_t rows =
        std::max(core::ceil_div(m, Tuning::kOwnRows), std::min(wanted, core::ceil_div(m, Tuning::kRows)));
    return {m, n, rows, kMicroRows, Tuning::kOwnColumns};
  }
  const index_t most_rows = cut.packs_rows || m < Tuning::kTallFrom ? Tuning::kRows : Tuning::kTallRows;
  const index_t rows = even_row_pieces(core::ceil_div(m, most_rows), threads);
  const index_t range = cut.packs_rows && cut.deep ? Tuning::kRangeBytesPacking : Tuning::kRangeBytes;
  const index_t chunks =
      std::max(cut.packs_rows ? Tuning::kChunksPacking : Tuning::kChunks, core::ceil_div(n * k * size, range) * rows);
  return {m, n, rows, cut.columns_of_a ? line : kMicroRows, even_column_grain(n, rows, chunks)};
}

/// Cuts C for AVX2 and baseline. Cuts rows into equally many bands per thread, and also cuts columns. If chunks pack
/// their rows of A, cuts fewer, wider chunks, because all chunks of a band pack the same rows.
template <class Tuning>
GemmChunks packed_chunks(index_t m, index_t n, const GemmCut& cut, index_t threads) {
  const index_t rows = even_row_pieces(core::ceil_div(m, Tuning::kRows), threads);
  const index_t wanted = threads == 1       ? 1
                         : cut.columns_of_a ? Tuning::kChunksPerThreadPacking * threads
                                            : Tuning::kChunks;
  const index_t chunks = std::max(wanted, rows * core::ceil_div(n, Tuning::kColumns));
  return {m, n, rows, kMicroRows, std::min(even_column_grain(n, rows, chunks), Tuning::kColumns)};
}

/// Cuts C with streamed_chunks or packed_chunks, depending on the instruction set that Tuning is for.
template <class T, class Tuning>
GemmChunks gemm_chunks(index_t m, index_t n, index_t k, const GemmCut& cut, index_t threads) {
  if constexpr (std::is_base_of_v<GemmTuning<simd::Avx512>, Tuning>)
    return streamed_chunks<T, Tuning>(m, n, k, cut, threads);
  else
    return packed_chunks<Tuning>(m, n, cut, threads);
}

/// Calls multiply(chunk) for all chunks: on all threads if Parallel is true, otherwise on the calling thread.
template <bool Parallel, class F>
void for_chunks(const GemmChunks& chunks, F multiply) noexcept {
  const auto multiply_number = [=](index_t i, index_t) { multiply(chunks[i]); };
  if constexpr (Parallel)
    parallel_for(chunks.count, 1, multiply_number);
  else
    for (index_t i = 0; i < chunks.count; ++i) multiply_number(i, i + 1);
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
