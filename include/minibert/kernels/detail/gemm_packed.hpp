// The product as processors with 16 registers like it: what a micro-tile reads lies in the first two levels of the
// cache.
//
// Six rows and two vectors leave an AVX2 processor no slot for fetching what comes next, and no line of the first level
// to spare: so B is always packed, and A's columns. Where many rows of A share a B it is packed once, beforehand; else,
// as for the gradient of a weight, each chunk of C packs some panels at a time and uses them at once.
#pragma once

#include <algorithm>

#include <minibert/kernels/detail/gemm_chunks.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// A chunk of C. packed: all of B in panels, or null.
template <class Products>
struct PackedGemm {
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch> && !Products::template streams<Arch>;

  static constexpr index_t kRows = 96, kColumns = 768;  // of a chunk at most: A, and the sums, in the second level
  static constexpr index_t kBlock = 384;                // steps of a block of k, at most half as many again

  template <class Arch, class T, class Epilogue>
  [[gnu::always_inline]] static void run(GemmChunk chunk, Matrix<T> a, Matrix<T> b, const T* packed, index_t k,
                                         T* scratch, Epilogue epilogue) {
    using Tile = MicroTile<Arch, T>;
    const auto [first, last, column, column_end, next_rows] = chunk;
    const index_t block = depth_block(k, kBlock);
    T *own_panels = scratch + rows_workspace(block), *tiles = own_panels + kMaxTileColumns * block;
    for (index_t p = 0; p == 0 || p < k; p += block) {  // a sum over nothing is 0
      const index_t depth = std::min(block, k - p);
      const PackedRows<T> rows = Products::template block_rows<Tile>(scratch, a.at(first, p), last - first, depth);
      for (index_t j = column; j < column_end; j += Tile::columns) {
        const index_t in_group = (j - column) % kMaxTileColumns;
        if (packed == nullptr && in_group == 0)
          simd::call<PackColumns<Products>, Arch>(own_panels, b.at(p, j), index_t{0}, index_t{0},
                                                  std::min(kMaxTileColumns, column_end - j), depth);
        const T* panel = packed ? packed + j * k + p * Tile::columns : own_panels + in_group * depth;
        for (index_t i = first; i < last; i += Tile::rows) {
          const MicroPlace place{
              i, std::min(i + Tile::rows, last), j, std::min(j + Tile::columns, column_end), p == 0, p + block >= k};
          T* tile = tiles + (j - column) * kRows + (i - first) * Tile::columns;
          micro_tile<Arch>(place, tile, rows.piece(i - first, place.i_end - i), MicroColumns<T>{panel, Tile::columns},
                           depth, NothingAhead{}, epilogue);
        }
      }
    }
  }

  /// C in chunks that even out among the threads. packs_rows: each packs its rows of A, and should be wide.
  static GemmChunks chunks(index_t m, index_t n, index_t threads, bool packs_rows) {
    const index_t fewest = num_chunks(m, kRows), enough = threads == 1 ? 1 : packs_rows ? 4 * threads : 32;
    const index_t rows = even_row_pieces(fewest, threads);
    const index_t column_grain = even_column_grain(n, rows, std::max(enough, rows * num_chunks(n, kColumns)));
    return {m, n, rows, kMicroRows, std::min(column_grain, kColumns)};
  }

  /// Elements of scratch memory of one chunk: rows of A, panels of B, and tiles between blocks of k.
  static index_t workspace(index_t k) {
    const index_t block = depth_block(k, kBlock);
    return rows_workspace(block) + kMaxTileColumns * block + kRows * kColumns;
  }

 private:
  static index_t rows_workspace(index_t block) { return kRows * (round_up(block, 16) + 16) + 16; }
};

/// workspace: n·k elements for B, and each thread's PackedGemm::workspace, `thread_workspace` apart.
template <bool Parallel, class Products, class T, class Epilogue>
void packed_gemm(index_t m, index_t n, index_t k, Matrix<T> a, Matrix<T> b, Epilogue epilogue, T* workspace,
                 index_t thread_workspace) noexcept {
  using Kernel = PackedGemm<Products>;
  constexpr index_t kManyRows = 600;  // from here on packing all of B beforehand costs less
  T *scratch = workspace + round_up(n, kMaxTileColumns) * k, *packed = m < kManyRows ? nullptr : workspace;
  const GemmChunks chunks = Kernel::chunks(m, n, Parallel ? num_threads() : 1, a.column_stride != 1);
  pack_columns<Parallel>(packed ? n : 0, [=](index_t begin, index_t end) {
    simd::dispatch<PackColumns<Products>>(packed, b, index_t{0}, begin, end, k);
  });
  for_chunks<Parallel>(chunks, [=](const GemmChunk& chunk) {
    T* own = scratch + (Parallel ? thread_index() : 0) * thread_workspace;
    simd::dispatch<Kernel>(chunk, a, b, static_cast<const T*>(packed), k, own, epilogue);
  });
}

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
