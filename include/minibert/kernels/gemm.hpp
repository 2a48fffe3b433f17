// C = epilogue(A·B) for row-major and transposed operands of any size and stride.
//
// A thread takes a chunk of C's rows, and passes over the panels of B, a micro-tile's columns wide. Where the elements
// of a row lie side by side nothing is packed: A's are broadcast from where they are, B's are loaded, and the
// micro-tile fetches the next panel ahead of its use. Else, unless A's columns lie well in the cache, A is packed a
// chunk at a time, and B beforehand, into panels. Sums are made in registers and given to the epilogue, so that bias,
// activation or accumulation cost no pass over memory. The sum over k is cut by its length and B's orientation,
// whatever the number of threads: results have the same bits.
#pragma once

#include <algorithm>
#include <cstdint>

#include <minibert/core/parallel.hpp>
#include <minibert/kernels/detail/fetch_ahead.hpp>
#include <minibert/kernels/detail/products.hpp>
#include <minibert/kernels/epilogue.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {

namespace detail {

/// B in panels: those before column `direct` are read in place, the others were packed. depth: steps of the
/// micro-kernel.
template <class T, class Element>
struct GemmColumns {
  Matrix<T> matrix;
  const Element* packed;
  index_t direct, depth;

  /// The panel at column j, from step p on.
  template <class Tile>
  [[gnu::always_inline]] MicroColumns<Element> panel(index_t j, index_t p) const {
    if constexpr (std::is_same_v<T, Element>)
      if (j < direct) return {matrix.data + p * matrix.row_stride + j, matrix.row_stride};
    return {packed + (j - direct) * depth + p * Tile::columns, Tile::columns};
  }
};

/// The columns of B (k×n) that can be read in place: whole vectors, none across two cache lines, of rows that do not
/// collide.
template <class T>
index_t direct_columns(const Matrix<T>& b, index_t m, index_t n) noexcept {
  constexpr index_t kVector = 16, kLine = 64, kManyRows = 2048;  // rows of A share the cost of packing
  const index_t stride = b.row_stride * static_cast<index_t>(sizeof(T));
  if (b.column_stride != 1 || rows_until_collision(stride) < (m < kManyRows ? 16 : 32)) return 0;
  if (stride % kLine != 0 || reinterpret_cast<std::uintptr_t>(b.data) % kLine != 0) return 0;
  return n % kVector == 0 ? n : n / kMaxTileColumns * kMaxTileColumns;
}

/// Columns [begin, end) of B, all k rows, into panels: the one that starts at column j lies at
/// packed + (j − origin)·(steps of the micro-kernel).
template <class Products>
struct PackColumns {
  static constexpr bool uses_bf16 = Products::uses_bf16;
  template <class Arch, class T>
  [[gnu::always_inline]] static void run(typename Products::Element* packed, Matrix<T> b, index_t origin, index_t begin,
                                         index_t end, index_t k) {
    Products::template pack_panels<MicroTile<Arch, T>>(packed + (begin - origin) * Products::depth(k), b.at(0, begin),
                                                       end - begin, k);
  }
};

/// A piece of C: rows [first, last), at most kRowChunk, and columns [column, column_end). The thread goes on, most
/// likely, with the rows from `next` on.
struct GemmChunk {
  index_t first, last, column, column_end, next;
};

/// A chunk of C. scratch: gemm_chunk_workspace.
template <class Products>
struct GemmRows {
  using Element = typename Products::Element;
  static constexpr bool uses_bf16 = Products::uses_bf16;

  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(GemmChunk chunk, Matrix<T> a, GemmColumns<T, Element> b, index_t k, T* scratch,
                                         Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    const auto [first, last, column, column_end, next_rows] = chunk;
    const index_t most = b.matrix.column_stride == 1 ? Products::kBlockInPlace : Products::kBlock;
    const index_t block = depth_block(b.depth, most);
    T* tiles = scratch + rows_workspace(block);
    for (index_t p = 0; p == 0 || p < b.depth; p += block) {  // a sum over nothing is 0
      const bool begins = p == 0, ends = p + block >= b.depth;
      const index_t depth = std::min(block, b.depth - p), from = p * Products::kStep;
      const MicroRows<Element> rows =
          Products::template packed_rows<Tile>(reinterpret_cast<Element*>(scratch), a.at(first, from), last - first,
                                               std::min(depth * Products::kStep, k - from));
      FetchAhead rows_ahead =
          ahead(a.at(ends ? next_rows : first, ends ? 0 : from + block * Products::kStep), block * Products::kStep);
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const MicroColumns<Element> panel = b.template panel<Tile>(j, p);
        const bool ends_row = j + Tile::columns >= column_end;
        const MicroColumns<Element> next = ends_row && ends ? panel
                                           : ends_row       ? b.template panel<Tile>(column, p + block)
                                                            : b.template panel<Tile>(j + Tile::columns, p);
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{
              i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), begins, ends};
          const index_t line = (i - first) / Tile::rows;
          const MicroAhead ahead = line < kPanelLines<Tile> ? MicroAhead{next.data + line * kLine, next.stride * kSize}
                                                            : rows_ahead.next(depth);
          const MicroRows<Element> piece{rows.data + (i - first) * rows.row_stride, rows.row_stride, rows.step,
                                         place.i_end - i};
          T* tile = begins && ends ? tiles : tiles + (j - column) * kRowChunk + (i - first) * Tile::columns;
          micro_tile<Arch>(place, tile, piece, panel, depth, ahead, epilogue);
        }
      }
    }
  }

  /// Elements of scratch memory of one chunk: rows of A, and tiles between blocks of k.
  static index_t workspace(index_t n, index_t k) {
    const index_t block = depth_block(Products::depth(k), Products::kBlockInPlace);  // the longest
    return rows_workspace(block) + kRowChunk * round_up(n, kMaxTileColumns);
  }

 private:
  static constexpr index_t kSize = sizeof(Element), kLine = 64 / kSize;  // of an element; elements of a cache line
  template <class Tile>
  static constexpr index_t kPanelLines = (kSize * Tile::columns + 63) / 64;  // that a row of a panel takes

  static index_t rows_workspace(index_t block) { return kRowChunk * (round_up(block, 16) + 16); }

  /// The next rows of A, `k` of their elements.
  template <class T>
  static FetchAhead ahead(const Matrix<T>& a, index_t k) {
    constexpr index_t size = sizeof(T);
    FetchAhead rows(size * (a.column_stride == 1 ? k : kRowChunk), size * std::max(a.row_stride, a.column_stride));
    rows.add(a.data, a.column_stride == 1 ? kRowChunk : k);
    return rows;
  }
};

/// How C (m×n) is cut: into chunks of rows, and where these are too few to even out among the threads, or B is larger
/// than the last level of the cache, also of columns.
struct GemmChunks {
  index_t m, n, column_grain, rows, count;
  /// packs_rows: a chunk packs its rows of A, and others with the same rows do it again.
  GemmChunks(index_t m_, index_t n_, index_t k, index_t element_size, bool packs_rows)
      : m(m_), n(n_), rows(num_chunks(m, kRowChunk)) {
    constexpr index_t kMostBytes = index_t{8} << 20;
    const index_t enough = packs_rows ? 16 : 32;
    const index_t parts =
        std::max(num_chunks(enough, std::max<index_t>(rows, 1)), num_chunks(n * k * element_size, kMostBytes));
    column_grain = std::max(round_up(num_chunks(n, parts), kMaxTileColumns), 2 * kMaxTileColumns);
    count = rows * num_chunks(n, column_grain);
  }

  /// The chunk of that number: those with the same columns follow each other.
  GemmChunk operator[](index_t i) const {
    const index_t row = i % rows * kRowChunk, column = i / rows * column_grain;
    const index_t next = (i + num_threads()) % rows * kRowChunk;
    return {row, std::min(row + kRowChunk, m), column, std::min(column + column_grain, n), next};
  }
};

/// Elements of scratch memory of one chunk, however it is multiplied.
template <class T>
index_t gemm_chunk_workspace(index_t n, index_t k) {
  index_t most = 0;
  for (const Precision precision : {Precision::full, Precision::bf16})
    with_products<T>(precision,
                     [&](auto products) { most = std::max(most, GemmRows<decltype(products)>::workspace(n, k)); });
  return most;
}

/// Runs f(begin, end) for all columns that are packed, and then g(chunk) for all chunks: on all threads, or on this
/// one.
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

template <bool Parallel, class Products, class T, class Epilogue>
void gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace) noexcept {
  using Element = typename Products::Element;
  const GemmChunks chunks(m, n, k, sizeof(T), Products::packs_rows(a));
  auto* packed = reinterpret_cast<Element*>(workspace);
  T* scratch = workspace + round_up(n, kMaxTileColumns) * k;
  const index_t direct = std::is_same_v<T, Element> ? direct_columns(b, m, n) : 0;
  const GemmColumns<T, Element> columns{b, packed, direct, Products::depth(k)};
  pack_and_multiply<Parallel>(
      n - direct, chunks,
      [=](index_t begin, index_t end) {
        simd::dispatch<PackColumns<Products>>(packed, b, direct, direct + begin, direct + end, k);
      },
      [=](index_t chunk) {
        T* own = scratch + (Parallel ? thread_index() : 0) * gemm_chunk_workspace<T>(n, k);
        simd::dispatch<GemmRows<Products>>(chunks[chunk], a, columns, k, own, epilogue);
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
