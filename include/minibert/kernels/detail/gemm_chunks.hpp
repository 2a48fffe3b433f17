// How C is cut into pieces of work, and how threads share them.
#pragma once

#include <algorithm>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/products.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// A piece of C: rows [first, last) and columns [column, column_end). The thread goes on, most likely, with the rows
/// from `next` on.
struct GemmChunk {
  index_t first, last, column, column_end, next;
};

/// C (m×n) in chunks: `rows` pieces of its rows, in whole units and as equal as those allow, by pieces of column_grain
/// columns.
struct GemmChunks {
  index_t m, n, rows, unit, column_grain, count;

  GemmChunks(index_t m_, index_t n_, index_t rows_, index_t unit_, index_t column_grain_)
      : m(m_),
        n(n_),
        rows(rows_),
        unit(unit_),
        column_grain(column_grain_),
        count(rows * num_chunks(n, column_grain)) {}

  /// The chunk of that number: those with the same columns follow each other.
  GemmChunk operator[](index_t i) const {
    const index_t row = i % rows, column = i / rows * column_grain;
    return {first_row(row), std::min(first_row(row + 1), m), column, std::min(column + column_grain, n),
            first_row((i + 1) % rows)};
  }

 private:
  index_t first_row(index_t row) const { return row * num_chunks(m, unit) / rows * unit; }
};

/// At least `fewest` pieces of rows, and where each thread has one, as many for each.
inline index_t even_row_pieces(index_t fewest, index_t threads) {
  return fewest > threads ? round_up(fewest, threads) : fewest;
}

/// The columns of a chunk, where there should be `enough` chunks, of so many pieces of rows; in whole panels.
inline index_t even_column_grain(index_t n, index_t rows, index_t enough) {
  const index_t pieces = num_chunks(enough, std::max<index_t>(rows, 1));
  return std::max(round_up(num_chunks(n, pieces), kMaxTileColumns), 2 * kMaxTileColumns);
}

/// Columns [begin, end) of B, all k rows, into panels: the one that starts at column j lies at
/// packed + (j − origin)·(steps of the micro-kernel).
template <class Products>
struct PackColumns {
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>;

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(typename Products::Element* packed, Matrix<T> b, index_t origin, index_t begin,
                                         index_t end, index_t k) {
    Products::template pack_panels<MicroTile<Arch, T>>(packed + (begin - origin) * Products::depth(k), b.at(0, begin),
                                                       end - begin, k);
  }
};

/// pack(begin, end) for all columns of B that are packed: on all threads, or on this one.
template <bool Parallel, class F>
void pack_columns(index_t columns, F pack) noexcept {
  if constexpr (Parallel)
    parallel_for(columns, kMaxTileColumns, pack);
  else if (columns > 0)
    pack(index_t{0}, columns);
}

/// multiply(chunk) for all chunks: on all threads, or on this one.
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
