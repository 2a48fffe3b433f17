// Computes one chunk of C, for all instruction sets.
//
// The sums over k are cut into blocks. For each block, the kernel passes over the panels of B, which are as wide as a
// micro-tile. Operands are read in place where that is fast; otherwise they are packed. Each chunk packs its block of
// A. If A has many rows, B is packed once, before the product. If A has few rows, each chunk packs a few panels of B at
// a time and uses them immediately. With AVX-512, the micro-tiles also prefetch the next panel and the next rows of A.
#pragma once

#include <algorithm>
#include <cstdint>

#include <minibert/kernels/detail/gemm_chunks.hpp>
#include <minibert/kernels/detail/prefetch_queue.hpp>
#include <minibert/kernels/detail/products.hpp>
#include <minibert/kernels/detail/scratch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Cuts a sum of `depth` steps into nearly equal blocks of at most `most` steps, and returns their length. A sum of up
/// to 1.5·most steps stays a single block.
inline index_t depth_block(index_t depth, index_t most) noexcept {
  const index_t count = depth <= most + most / 2 ? 1 : core::ceil_div(depth, most);
  return std::max<index_t>(core::ceil_div(depth, count), 1);
}

/// Returns how many leading columns of B (k×n) are read in place. These columns form whole vectors that start at cache
/// lines. m: rows of A. Returns 0 if rows of B evict each other from L2, unless B is larger than kLargeB and A has
/// fewer than kInPlaceRows rows.
template <class Tuning, class T>
index_t direct_columns(const Matrix<T>& b, index_t m, index_t n, index_t k) noexcept {
  constexpr index_t vector = 16, line = 64, size = sizeof(T);
  const index_t stride = b.row_stride * size, far = rows_until_collision(stride);
  const bool in_short_blocks =
      m < Tuning::kInPlaceRows && n * k * size > Tuning::kLargeB && far >= Tuning::kCollidingRowsShort;
  if (b.column_stride != 1 || (far < Tuning::kCollidingRows && !in_short_blocks)) return 0;
  if (stride % line != 0 || reinterpret_cast<std::uintptr_t>(b.data) % line != 0) return 0;
  return n % vector == 0 ? n : n / kMaxTileColumns * kMaxTileColumns;
}

/// Locates the panels of B (k×n). Columns before `direct` are read in place. The other columns are in `packed`; if
/// `own` is true, each chunk packs them for itself instead. depth: steps of the whole product. block: steps of a block
/// of k.
template <class T, class Element>
struct GemmColumns {
  Matrix<T> matrix;
  const Element* packed;
  index_t direct, depth, block;
  bool own;

  /// Returns the panel at column j, from step p on. Must not be called if `own` is true.
  template <class Tile>
  [[gnu::always_inline]] MicroColumns<Element> panel(index_t j, index_t p) const {
    if constexpr (std::is_same_v<T, Element>)
      if (j < direct) return {matrix.data + p * matrix.row_stride + j, matrix.row_stride};
    return {packed + (j - direct) * depth + p * Tile::columns, Tile::columns};
  }
};

/// One block of k in the product of a chunk: `steps` steps, from step p on. The block after it, which may belong to the
/// next chunk, has next_steps steps, from step `next` on. begins, ends: true for the first and the final block of k.
struct GemmSteps {
  index_t p, steps, next, next_steps;
  bool begins, ends;
};

/// Returns the queue that prefetches `rows` rows of an operand, k elements of each.
template <class T>
PrefetchQueue prefetch_block(const Matrix<T>& x, index_t rows, index_t k) {
  constexpr index_t size = sizeof(T);
  const bool by_rows = x.column_stride == 1;
  PrefetchQueue queue(size * (by_rows ? k : rows), size * std::max(x.row_stride, x.column_stride));
  queue.add(x.data, by_rows ? rows : k);
  return queue;
}

/// Counts the elements of scratch memory that a chunk takes: `rows` for its block of A, `panels` for its own panels of
/// B, and `tiles` for the sums of its tiles between blocks of k.
template <class Tuning>
struct GemmScratch {
  index_t rows, panels, tiles;
  /// own: the chunk packs its own panels of B. n: columns of C. block: steps of a block of k.
  GemmScratch(bool own, index_t n, index_t block)
      : rows((own ? Tuning::kOwnRows : Tuning::kRows) * (core::round_up(block, 16) + 16) + 16),
        panels(own ? kMaxTileColumns * block : 0),
        tiles(own ? Tuning::kOwnRows * Tuning::kOwnColumns
                  : Tuning::kTallRows * std::min(core::round_up(n, kMaxTileColumns), Tuning::kColumns)) {}
  index_t size() const { return rows + panels + tiles; }

  /// Returns a number of elements that is enough for each chunk of a product, with or without its own panels.
  /// n: columns of C. k: terms of each sum.
  static index_t largest(index_t n, index_t k) {
    return std::max(GemmScratch(false, n, depth_block(k, Tuning::kBlockInPlace)).size(),
                    GemmScratch(true, n, depth_block(k, Tuning::kBlock)).size());
  }
};

/// Provides the panels of B to a chunk in one block of k.
template <class Products, class Arch, class T>
class ChunkPanels {
 public:
  using Element = typename Products::Element;
  using Tile = MicroTile<Arch, T>;

  ChunkPanels(Products products, const GemmChunk& chunk, const Matrix<T>&, const GemmColumns<T, Element>& b,
              const GemmSteps& at, Element* own)
      : products_(products), chunk_(chunk), b_(b), at_(at), own_(own) {}

  /// Returns the panel at column j. If the chunk packs its own panels, packs kMaxTileColumns columns at a time: call
  /// this for each panel in order.
  [[gnu::always_inline]] MicroColumns<Element> columns(index_t j) {
    if (!packs_own()) return b_.template panel<Tile>(j, at_.p);
    const index_t in_group = (j - chunk_.column) % kMaxTileColumns;
    if (in_group == 0)
      simd::call<PackPanels<Products>, Arch>(products_, own_, b_.matrix.at(at_.p, j),
                                             std::min(kMaxTileColumns, chunk_.column_end - j), at_.steps);
    return {own_ + in_group * at_.steps, Tile::columns};
  }
  [[gnu::always_inline]] NoPrefetch prefetch(index_t) { return {}; }

 protected:
  [[gnu::always_inline]] bool packs_own() const { return GemmTuning<Arch>::kSharedRows > 0 && b_.own; }

  Products products_;
  const GemmChunk& chunk_;
  const GemmColumns<T, Element>& b_;
  const GemmSteps& at_;
  Element* own_;  // memory for own panels: kMaxTileColumns columns
};

/// ChunkPanels whose micro-tiles also prefetch. First each micro-tile prefetches one cache line of every row of the
/// next panel. When the panel is complete, the next rows of A follow. If the chunk packs its own panels, it prefetches
/// the part of B that it packs in the next block of k, instead of the next panel.
template <class Products, class Arch, class T>
class PrefetchingPanels : public ChunkPanels<Products, Arch, T> {
 public:
  using Base = ChunkPanels<Products, Arch, T>;
  using typename Base::Element;
  using typename Base::Tile;

  PrefetchingPanels(Products products, const GemmChunk& chunk, const Matrix<T>& a, const GemmColumns<T, Element>& b,
                    const GemmSteps& at, Element* own)
      : Base(products, chunk, a, b, at, own),
        panels_(0, 0),
        rows_(prefetch_block(a.at(at.ends ? chunk.next : chunk.first, at.next * Products::kStep),
                             chunk.last - chunk.first, at.next_steps * Products::kStep)) {
    if (this->packs_own())
      panels_ = prefetch_block(b.matrix.at(at.next, chunk.column).transposed(), chunk.column_end - chunk.column,
                               at.next_steps);
  }

  [[gnu::always_inline]] MicroColumns<Element> columns(index_t j) {
    const MicroColumns<Element> panel = Base::columns(j);
    const bool ends_row = j + Tile::columns >= chunk_.column_end;
    fetches_rows_ = this->packs_own() || ends_row || !GemmTuning<Arch>::kPrefetchesRowsLate;
    if (!this->packs_own()) {
      next_ = ends_row && at_.ends ? panel
              : ends_row           ? b_.template panel<Tile>(chunk_.column, at_.next)
                                   : b_.template panel<Tile>(j + Tile::columns, at_.p);
      panel_lines_ = core::ceil_div(kSize * Tile::columns, 64);
    }
    return panel;
  }
  [[gnu::always_inline]] MicroPrefetch prefetch(index_t row) {
    const index_t line = row / Tile::rows;
    if (line < panel_lines_) return {next_.data + line * kLine, next_.stride * kSize};
    if (this->packs_own() && !panels_.is_done()) return panels_.next(at_.steps);
    return fetches_rows_ ? rows_.next(at_.steps) : MicroPrefetch{&rows_, 0};  // nothing to prefetch: a line in L1
  }

 private:
  using Base::at_, Base::b_, Base::chunk_;
  static constexpr index_t kSize = sizeof(Element), kLine = 64 / kSize;  // bytes of an element, elements of a line
  PrefetchQueue panels_, rows_;
  MicroColumns<Element> next_{};
  index_t panel_lines_ = 0;  // cache lines in a row of the next panel
  bool fetches_rows_ = false;
};

/// Computes one chunk of C: C = epilogue(A·B). scratch: at least GemmScratch::largest() elements.
template <class Products>
struct GemmKernel {
  using Element = typename Products::Element;
  template <class Arch>
  static constexpr bool runs_on = Products::template runs_on<Arch>;

  template <class Arch, class T>
  [[gnu::always_inline]] static void run(Products products, GemmChunk chunk, Matrix<T> a, GemmColumns<T, Element> b,
                                         index_t n, index_t k, T* scratch, Epilogue<T> epilogue) {
    using Tile = MicroTile<Arch, T>;
    using Tuning = GemmTuning<Arch>;
    using Panels =
        std::conditional_t<Tuning::kStreams, PrefetchingPanels<Products, Arch, T>, ChunkPanels<Products, Arch, T>>;
    const index_t block = b.block;
    const GemmScratch<Tuning> sizes(b.own, n, block);
    auto *row_memory = reinterpret_cast<Element*>(scratch), *own = reinterpret_cast<Element*>(scratch + sizes.rows);
    T* tiles = scratch + sizes.rows + sizes.panels;
    for (index_t p = 0; p == 0 || p < b.depth; p += block) {  // runs once if depth is 0, because an empty sum is 0
      const bool begins = p == 0, ends = p + block >= b.depth;
      const index_t steps = std::min(block, b.depth - p), next = ends ? 0 : p + block, from = p * Products::kStep;
      const GemmSteps at{p, steps, next, std::min(block, b.depth - next), begins, ends};
      const BlockRows<Element> rows = products.template block_rows<Tile>(
          row_memory, a.at(chunk.first, from), chunk.last - chunk.first, std::min(steps * Products::kStep, k - from));
      Panels panels(products, chunk, a, b, at, own);
      for_micro_tiles<Arch>(GemmBlock{chunk.first, chunk.last, chunk.column, chunk.column_end, steps, begins, ends},
                            rows, panels, tiles, epilogue);
    }
  }
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
