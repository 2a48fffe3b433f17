// Definitions of ops/detail/check_sequences.hpp.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/ops/detail/check_sequences.hpp>

namespace minibert::functional::detail {

MINIBERT_INLINE void check_sequences(const char* op, const Sequences& sequences, index_t n) {
  core::check<ShapeError>(sequences.count >= 0, op, ": ", sequences.count, " sequences, expected 0 or more");
  if (sequences.count > 0)
    core::check<ShapeError>(sequences.cu_seqlens[0] == 0, op, ": cu_seqlens begins with ", sequences.cu_seqlens[0],
                            ", expected 0");
  for (index_t b = 0; b < sequences.count; ++b) {
    const index_t len = sequences.cu_seqlens[b + 1] - sequences.cu_seqlens[b];
    core::check<ShapeError>(len >= 0, op, ": cu_seqlens descends from ", sequences.cu_seqlens[b], " to ",
                            sequences.cu_seqlens[b + 1], " at sequence ", b, ", expected ascending offsets");
    core::check<ShapeError>(len <= sequences.max_seqlen, op, ": sequence ", b, " has ", len,
                            " rows, expected at most max_seqlen, which is ", sequences.max_seqlen);
  }
  core::check<ShapeError>(sequences.num_tokens() == n, op, ": the sequences have ", sequences.num_tokens(),
                          " rows, expected ", n, ", the rows of the input");
}

MINIBERT_INLINE void check_keys(const char* op, const Sequences& queries, const Sequences& keys) {
  core::check<ShapeError>(queries.count == keys.count, op, ": ", queries.count, " sequences of queries and ",
                          keys.count, " of keys, expected the same number");
  for (index_t b = 0; b < keys.count; ++b)
    core::check<ValueError>(
        keys.cu_seqlens[b] < keys.cu_seqlens[b + 1] || queries.cu_seqlens[b] == queries.cu_seqlens[b + 1], op,
        ": sequence ", b, " has queries but no keys, expected at least one key");
}

MINIBERT_INLINE void check_dropout_rows(const char* op, const Sequences& sequences) {
  core::check<ValueError>(sequences.count == 0 || sequences.global_rows != nullptr, op,
                          ": the sequences have no global_rows, which determine the dropout; set them");
}

}  // namespace minibert::functional::detail
