// A batch as the library computes on it: sequences laid end to end, without padding.
#pragma once

#include <minibert/core/types.hpp>

namespace minibert {

/// Says which rows of an (N, …) tensor belong to which sequence. The arrays must outlive this struct.
struct Sequences {
  /// count + 1 offsets: sequence b is rows [cu_seqlens[b], cu_seqlens[b + 1]).
  const index_t* cu_seqlens = nullptr;
  /// For each sequence, its index in the batch of the whole optimizer step. The dropout mask depends on this index.
  const index_t* global_rows = nullptr;
  index_t count = 0;       ///< number of sequences, B
  index_t max_seqlen = 0;  ///< length of the longest sequence

  index_t num_tokens() const noexcept { return count == 0 ? 0 : cu_seqlens[count]; }
};

}  // namespace minibert
