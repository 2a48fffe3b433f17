// The product as processors with wide vectors and many registers like it: operands are read where they lie.
//
// A thread takes a chunk of C's rows, and passes over the panels of B, a micro-tile's columns wide. Where the elements
// of a row lie side by side nothing is packed: A's are broadcast from where they are, B's are loaded, and the
// micro-tile fetches the next panel ahead of its use. Else, unless A's columns lie well in the cache, A is packed a
// chunk at a time, and B into panels: beforehand where many rows share it (GemmRows), else by each chunk its own
// (GemmPanels).
#pragma once

#include <algorithm>
#include <cstdint>

#include <minibert/kernels/detail/fetch_ahead.hpp>
#include <minibert/kernels/detail/gemm_chunks.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Rows of C that a thread takes at a time, multiples of a tile's: where A is packed, for a block of it and one of B to
/// stay in the second level of the cache; where it is not and there are many, so that B passes by half as often.
inline constexpr index_t kRowChunk = 48, kTallRowChunk = 96;

/// So many rows of an operand, k of their elements, to be fetched.
template <class T>
FetchAhead block_ahead(const Matrix<T>& x, index_t rows, index_t k) {
  constexpr index_t size = sizeof(T);
  const bool by_rows = x.column_stride == 1;
  FetchAhead ahead(size * (by_rows ? k : rows), size * std::max(x.row_stride, x.column_stride));
  ahead.add(x.data, by_rows ? rows : k);
  return ahead;
}

/// Whether of a block of kBlockInPlace rows more are in one set of the cache than it has ways.
inline bool rows_collide(index_t stride_bytes) noexcept { return rows_until_collision(stride_bytes) < 32; }

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

  /// Whether blocks of k may be deep: of kBlockInPlace.
  bool deep() const noexcept {
    return direct > 0 && !rows_collide(matrix.row_stride * static_cast<index_t>(sizeof(T)));
  }
};

/// The columns of B (k×n) that can be read in place: whole vectors, none across two cache lines, of rows that do not
/// collide. Rows 4 KiB apart collide in blocks of kBlockInPlace, not in those of kBlock: these cost less than packing,
/// if few rows of A would share it and the last level of the cache does not keep B.
template <class T>
index_t direct_columns(const Matrix<T>& b, index_t m, index_t n, index_t k) noexcept {
  constexpr index_t kVector = 16, kLine = 64, kManyRows = 2048, kLarge = index_t{16} << 20;
  const index_t size = sizeof(T), stride = b.row_stride * size;
  const bool in_short_blocks = m < kManyRows && n * k * size > kLarge && rows_until_collision(stride) >= 16;
  if (b.column_stride != 1 || (rows_collide(stride) && !in_short_blocks)) return 0;
  if (stride % kLine != 0 || reinterpret_cast<std::uintptr_t>(b.data) % kLine != 0) return 0;
  return n % kVector == 0 ? n : n / kMaxTileColumns * kMaxTileColumns;
}

/// A chunk of C. scratch: gemm_chunk_workspace.
template <class Products>
struct GemmRows {
  using Element = typename Products::Element;
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>&& Products::template streams<Arch>;

  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(GemmChunk chunk, Matrix<T> a, GemmColumns<T, Element> b, index_t k, T* scratch,
                                         Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    const auto [first, last, column, column_end, next_rows] = chunk;
    const index_t block = depth_block(b.depth, b.deep() ? Products::kBlockInPlace : Products::kBlock);
    const index_t tile_rows = round_up(last - first, Tile::rows);
    T* tiles = scratch + rows_workspace(block);
    for (index_t p = 0; p == 0 || p < b.depth; p += block) {  // a sum over nothing is 0
      const bool begins = p == 0, ends = p + block >= b.depth;
      const index_t depth = std::min(block, b.depth - p), from = p * Products::kStep;
      const MicroRows<Element> rows =
          Products::template packed_rows<Tile>(reinterpret_cast<Element*>(scratch), a.at(first, from), last - first,
                                               std::min(depth * Products::kStep, k - from));
      FetchAhead rows_ahead = block_ahead(a.at(ends ? next_rows : first, ends ? 0 : from + block * Products::kStep),
                                          last - first, block * Products::kStep);
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const MicroColumns<Element> panel = b.template panel<Tile>(j, p);
        const bool ends_row = j + Tile::columns >= column_end, fetches_rows = ends_row || !Products::kFetchesRowsLate;
        const MicroColumns<Element> next = ends_row && ends ? panel
                                           : ends_row       ? b.template panel<Tile>(column, p + block)
                                                            : b.template panel<Tile>(j + Tile::columns, p);
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{
              i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), begins, ends};
          const index_t line = (i - first) / Tile::rows;
          const MicroAhead ahead = line < kPanelLines<Tile> ? MicroAhead{next.data + line * kLine, next.stride * kSize}
                                   : fetches_rows           ? rows_ahead.next(depth)
                                                            : MicroAhead{&rows_ahead, 0};  // what is here anyway
          const MicroRows<Element> piece{rows.data + (i - first) * rows.row_stride, rows.row_stride, rows.step,
                                         place.i_end - i};
          T* tile = begins && ends ? tiles : tiles + (j - column) * tile_rows + (i - first) * Tile::columns;
          micro_tile<Arch>(place, tile, piece, panel, depth, ahead, epilogue);
        }
      }
    }
  }

  /// Elements of scratch memory of one chunk: rows of A, and tiles between blocks of k.
  static index_t workspace(index_t n, index_t k) {
    const index_t block = depth_block(Products::depth(k), Products::kBlockInPlace);  // the longest
    return rows_workspace(block) + kTallRowChunk * round_up(n, kMaxTileColumns);
  }

 private:
  static constexpr index_t kSize = sizeof(Element), kLine = 64 / kSize;  // of an element; elements of a cache line
  template <class Tile>
  static constexpr index_t kPanelLines = (kSize * Tile::columns + 63) / 64;  // that a row of a panel takes

  static index_t rows_workspace(index_t block) { return kRowChunk * (round_up(block, 16) + 16); }
};

/// A chunk of C where B would have to be packed and few rows of A share it: the chunk packs its own panels, a block of
/// k at a time, and uses them at once, so that B passes through memory once. scratch: gemm_chunk_workspace.
template <class Products>
struct GemmPanels {
  using Element = typename Products::Element;
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>&& Products::template streams<Arch>;

  static constexpr index_t kFewRows = 768;              // from here on packing all of B beforehand costs less
  static constexpr index_t kRows = 384, kColumns = 64;  // of a chunk: a block of A, and the sums, in the second level

  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(GemmChunk chunk, Matrix<T> a, Matrix<T> b, index_t k, T* scratch,
                                         Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    const auto [first, last, column, column_end, next_rows] = chunk;
    const index_t block = depth_block(k, Products::kBlock);
    auto* panel = reinterpret_cast<Element*>(scratch);
    T *row_scratch = scratch + panel_workspace(block), *tiles = row_scratch + rows_workspace(block);
    for (index_t p = 0; p == 0 || p < k; p += block) {  // a sum over nothing is 0
      const bool begins = p == 0, ends = p + block >= k;
      const index_t depth = std::min(block, k - p), next = ends ? 0 : p + block;
      const MicroRows<Element> rows = Products::template packed_rows<Tile>(reinterpret_cast<Element*>(row_scratch),
                                                                           a.at(first, p), last - first, depth);
      simd::call<PackColumns<Products>, Arch>(panel, b.at(p, column), index_t{0}, index_t{0}, column_end - column,
                                              depth);
      const index_t next_depth = std::min(block, k - next);
      FetchAhead panel_ahead = block_ahead(b.at(next, column).transposed(), column_end - column, next_depth);
      FetchAhead rows_ahead = block_ahead(a.at(first, next), last - first, next_depth);
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const MicroColumns<Element> columns{panel + (j - column) * depth, Tile::columns};
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{
              i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), begins, ends};
          const MicroAhead ahead = panel_ahead.is_done() ? rows_ahead.next(depth) : panel_ahead.next(depth);
          const MicroRows<Element> piece{rows.data + (i - first) * rows.row_stride, rows.row_stride, rows.step,
                                         place.i_end - i};
          T* tile = begins && ends ? tiles : tiles + (j - column) * kRows + (i - first) * Tile::columns;
          micro_tile<Arch>(place, tile, piece, columns, depth, ahead, epilogue);
        }
      }
    }
  }

  /// A panel a chunk, and where these are too few for the threads pieces of rows.
  static GemmChunks chunks(index_t m, index_t n, index_t threads) {
    const index_t wanted = num_chunks(2 * threads, std::max<index_t>(num_chunks(n, kColumns), 1));
    return {m, n, std::max(num_chunks(m, kRows), std::min(wanted, num_chunks(m, kRowChunk))), kMicroRows, kColumns};
  }

  /// Elements of scratch memory of one chunk: rows of A, a panel of B, and tiles between blocks of k.
  static index_t workspace(index_t k) {
    const index_t block = depth_block(k, Products::kBlock);
    return rows_workspace(block) + panel_workspace(block) + kRows * kColumns;
  }

 private:
  static index_t rows_workspace(index_t block) { return kRows * (round_up(block, 16) + 16); }
  static index_t panel_workspace(index_t block) { return kColumns * block; }
};

/// Chunks of rows, as many for each thread and as equal as whole tiles allow, or whole cache lines if A's columns are
/// contiguous; where these are too few to even out, or B is larger than the last level of the cache, also of columns.
/// packs_rows: a chunk packs its rows of A, and others with the same rows do it again: there should be few of these,
/// and if B is read in place in deep blocks more of it may pass by.
template <class T>
GemmChunks streamed_chunks(index_t m, index_t n, index_t k, const Matrix<T>& a, bool packs_rows, bool deep,
                           index_t threads) {
  constexpr index_t size = sizeof(T), kLine = 64 / size, kFewRows = 768;
  const index_t enough = packs_rows ? 16 : 32, most_bytes = index_t{packs_rows && deep ? 16 : 8} << 20;
  const index_t most_rows = packs_rows || m < kFewRows ? kRowChunk : kTallRowChunk;
  const index_t rows = even_row_pieces(num_chunks(m, most_rows), threads);
  return {m, n, rows, a.column_stride == 1 ? kMicroRows : kLine,
          even_column_grain(n, rows, std::max(enough, num_chunks(n * k * size, most_bytes) * rows))};
}

/// workspace: n·k elements for B, and each thread's scratch, `thread_workspace` apart.
template <bool Parallel, class Products, class T, class Epilogue>
void streamed_gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
                   index_t thread_workspace) noexcept {
  using Element = typename Products::Element;
  constexpr bool in_place = std::is_same_v<T, Element>;  // or rounded
  auto* packed = reinterpret_cast<Element*>(workspace);
  T* scratch = workspace + round_up(n, kMaxTileColumns) * k;
  const auto own_scratch = [=] { return scratch + (Parallel ? thread_index() : 0) * thread_workspace; };
  const index_t direct = in_place ? direct_columns(b, m, n, k) : 0;
  if constexpr (in_place) {
    using Kernel = GemmPanels<Products>;
    if (direct == 0 && m <= Kernel::kFewRows) {
      const GemmChunks chunks = Kernel::chunks(m, n, Parallel ? num_threads() : 1);
      return for_chunks<Parallel>(
          chunks, [=](const GemmChunk& chunk) { simd::dispatch<Kernel>(chunk, a, b, k, own_scratch(), epilogue); });
    }
  }
  const GemmColumns<T, Element> columns{b, packed, direct, Products::depth(k)};
  pack_columns<Parallel>(n - direct, [=](index_t begin, index_t end) {
    simd::dispatch<PackColumns<Products>>(packed, b, direct, direct + begin, direct + end, k);
  });
  const GemmChunks chunks =
      streamed_chunks(m, n, k, a, Products::packs_rows(a), columns.deep(), Parallel ? num_threads() : 1);
  for_chunks<Parallel>(chunks, [=](const GemmChunk& chunk) {
    simd::dispatch<GemmRows<Products>>(chunk, a, columns, k, own_scratch(), epilogue);
  });
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
