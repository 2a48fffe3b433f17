// The tuning constants of the matrix product, one struct per instruction set, each with the measurement behind it. They
// change speed, never a bit of a result. docs/matrix_product.md lists what else was tried.
//
// Unless a comment names another machine, numbers of AVX-512 were measured on a fourth-generation AMD EPYC (32 KB of L1
// and 1 MB of L2 per core). Numbers of AVX2 were measured on a third-generation AMD EPYC (32 KB of L1 and 512 KB of L2
// per core).
#pragma once

#include <limits>
#include <numeric>

#include <minibert/core/types.hpp>
#include <minibert/simd/dispatch.hpp>

namespace minibert::kernels {
inline namespace MINIBERT_ARCH {
namespace detail {

/// Rows of a micro-tile, for all instruction sets. With AVX-512, at depths from 128 to 3,072, 6 rows × 4 vectors
/// reached 97 to 99 % of the FMA peak, 8×3 and 12×2 one percent less.
inline constexpr int kMicroRows = 6;

/// The largest number of columns of a micro-tile. Micro-tiles have 64, 32, 16, 8 or 4 columns, depending on instruction
/// set and type. B is packed and C is cut in multiples of 64 columns.
inline constexpr index_t kMaxTileColumns = 64;

/// Packing loops prefetch kPackAhead rows ahead of their reads, and copy kPackVectors vectors per iteration, which
/// takes fewer instructions per cache line than one vector per iteration.
inline constexpr index_t kPackAhead = 16, kPackVectors = 3;

/// Returns how many rows that are stride_bytes apart lie in different sets of L2 (1,024 sets of 64-byte lines, 8 or 16
/// ways), before a row maps to the set of the first row. If the number is small, rows evict each other.
inline index_t rows_until_collision(index_t stride_bytes) noexcept {
  constexpr index_t kPeriod = 65536;
  return kPeriod / std::gcd(kPeriod, stride_bytes);
}

template <class Arch>
struct GemmTuning;

template <>
struct GemmTuning<simd::Avx512> {
  /// Operands are read in place where that is fast, and micro-tiles prefetch the next ones.
  static constexpr bool kStreams = true;
  /// Vectors in a row of a micro-tile. The 6×4 accumulators take 24 of the 32 registers.
  static constexpr int kTileVectors = 4;

  // ---- blocks of k ----
  /// The largest number of steps of a block (1.5 times as many if there is only one block, see depth_block). Packed
  /// panels of 128 steps stay in L1: with bf16 and k = 1,024 this gained 4 %, and 10 % with clang.
  static constexpr index_t kBlock = 128;
  /// The largest number of steps of a block if B is read in place. Short blocks gain nothing here, because rows of B
  /// evict each other from L1 in any case. Longer blocks are faster, because data from L2 arrives in time more often.
  static constexpr index_t kBlockInPlace = 384;

  // ---- B in place, or packed ----
  /// B is read in place if at least kCollidingRows of its rows lie in different sets of L2. Reading B in place gained
  /// 10 to 20 % where operands come from beyond L2. Packing rows that are 4 KB apart, or an odd multiple of 4 KB, made
  /// the gradient of a weight with 1,024 inputs 6 % faster.
  static constexpr index_t kCollidingRows = 32;
  /// A B with fewer than kCollidingRows such rows is also read in place, in blocks of kBlock steps, if three conditions
  /// hold: it is larger than kLargeB bytes (so L3 does not keep it), A has fewer than kInPlaceRows rows, and at least
  /// kCollidingRowsShort rows of B lie in different sets. For 3,072 inputs this gained 3 % over packing.
  static constexpr index_t kLargeB = index_t{16} << 20, kInPlaceRows = 2048, kCollidingRowsShort = 16;
  /// With kSharedRows rows of A or more, B is packed once, before the product; with fewer, each chunk packs its own
  /// panels. Half of the time, a panel packed beforehand has to come from the cache of the other core (of two). With
  /// own panels, products of 317 and 614 rows went from 67–79 % of the peak to 86–91 % at times when transfers between
  /// the cores were slow, and gained 2 to 8 % otherwise. The gradient of a weight with 1,024 inputs (9 MB of packed B)
  /// gained 2 %. With 1,056 rows and more, own panels cost 2 to 5 %.
  static constexpr index_t kSharedRows = 769;

  // ---- A in place, or packed ----
  /// Contiguous columns of A are packed only if fewer than kCollidingColumns of them lie in different sets of L2.
  /// Packing them in all cases cost 5 % in the weights' gradients.
  static constexpr index_t kCollidingColumns = 128;
  /// If true, the next rows of A are prefetched during the last panel of B. Prefetched during the first panel, they
  /// were evicted before their use, which cost 1 %.
  static constexpr bool kPrefetchesRowsLate = true;

  // ---- chunks of C ----
  /// Rows of a chunk: kRows if A is packed or C has fewer than kTallFrom rows, so that a block of A and a block of B
  /// stay in L2. Otherwise kTallRows, with which B is read half as often; this gained 1 to 2 %.
  static constexpr index_t kRows = 48, kTallRows = 96, kTallFrom = 768;
  /// The largest number of columns of a chunk. Not limited here, because kRangeBytes limits it.
  static constexpr index_t kColumns = std::numeric_limits<index_t>::max();
  /// If cutting rows gives fewer than kChunks chunks, columns are cut, too. If A is packed, the limit is
  /// kChunksPacking, because all chunks of the same rows pack these rows again.
  static constexpr index_t kChunks = 32, kChunksPacking = 16;
  /// C is cut so that the columns of B that a chunk reads have at most kRangeBytes bytes. Then L3 keeps these columns
  /// until all rows of A are multiplied by them. This gained 2 % for a B larger than L3. The limit is
  /// kRangeBytesPacking if A is packed (again for each such group of columns) and B is read in place in blocks of
  /// kBlockInPlace.
  static constexpr index_t kRangeBytes = index_t{8} << 20, kRangeBytesPacking = index_t{16} << 20;
  /// The largest number of rows, and the number of columns, of a chunk that packs its own panels. A block of A and the
  /// sums of such a chunk stay in L2.
  static constexpr index_t kOwnRows = 384, kOwnColumns = 64;
};

/// bf16: operands are always packed, since packing also rounds them.
template <>
struct GemmTuning<simd::Avx512Bf16> : GemmTuning<simd::Avx512> {
  static constexpr index_t kBlockInPlace = kBlock, kSharedRows = 0;
  /// With bf16, rows of A are prefetched from the first panel on. They are needed early, because each chunk begins by
  /// rounding its rows, and a product takes only half the time.
  static constexpr bool kPrefetchesRowsLate = false;
};

template <>
struct GemmTuning<simd::Avx2> {
  static constexpr bool kStreams = false;
  /// Vectors in a row of a micro-tile. The 6×2 accumulators take 12 of the 16 registers.
  static constexpr int kTileVectors = 2;

  // Micro-tiles do not prefetch: one prefetch a step cost 4 to 5 % of all products. B and the columns of A are always
  // packed: reading B in place cost 5 to 10 %, columns of A in place 15 to 40 %. Rows of A stay where they are: copying
  // them gained nothing.

  /// The largest number of steps of a block of k (1.5 times as many if there is only one block, see depth_block).
  static constexpr index_t kBlock = 384, kBlockInPlace = kBlock;
  /// If A has at least kSharedRows rows, B is packed once, before the product. Otherwise each chunk packs its own
  /// panels, kMaxTileColumns columns at a time. Packing reads whole rows of these columns and prefetches kPackAhead
  /// rows ahead. Packing panel by panel was slower, because rows 4 KB apart evicted each other: packing then took a
  /// fifth of the time of a weight's gradient.
  static constexpr index_t kSharedRows = 600;
  /// Elements between two strips of packed A, so that strips start at different offsets of a page.
  static constexpr index_t kStripGap = 4;

  /// The largest numbers of rows and columns of a chunk: its rows of A and its sums stay in L2. Narrower chunks packed
  /// the same rows of A up to four times, which cost the gradient of a weight 3 to 5 %.
  static constexpr index_t kRows = 96, kColumns = 768;
  static constexpr index_t kTallRows = kRows, kOwnRows = kRows, kOwnColumns = kColumns;
  /// If cutting rows gives fewer chunks than this, columns are cut, too: kChunksPerThreadPacking times the number of
  /// threads if chunks pack their rows of A, otherwise kChunks.
  static constexpr index_t kChunks = 32, kChunksPerThreadPacking = 4;
};

/// Uses the constants of AVX2 without measurements of its own. The micro-tile is wider where there are 32 registers
/// (ARM).
template <>
struct GemmTuning<simd::Baseline> : GemmTuning<simd::Avx2> {
  static constexpr int kTileVectors = simd::Baseline::registers / 8;
};

}  // namespace detail
}  // namespace MINIBERT_ARCH
}  // namespace minibert::kernels
