// Sequences laid end to end: the only form in which the library computes on a batch. No padding anywhere.
#pragma once

#include <minibert/core/types.hpp>

namespace minibert {

/// Says which rows of an (N, …) tensor belong to which sequence. Refers to arrays of its user.
struct Sequences {
  const index_t* cu_seqlens = nullptr;  ///< count + 1 offsets: sequence b is rows [cu_seqlens[b], cu_seqlens[b + 1])
  const index_t* rows = nullptr;        ///< count numbers of the sequences in the global batch: they key dropout
  index_t count = 0;                    ///< B
  index_t max_seqlen = 0;               ///< rows of the longest sequence

  index_t num_tokens() const noexcept { return count == 0 ? 0 : cu_seqlens[count]; }
};

}  // namespace minibert
