// From a batch to the sequences that ops see.
#pragma once

#include <algorithm>
#include <span>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/data/batch.hpp>

namespace minibert::detail {

/// The batch's sequences, kept by the tape. @throws ValueError if the batch's arrays do not fit together, or a sequence
/// is longer than the model has positions
template <class T>
Sequences keep_sequences(Tape<T>& tape, const Batch& batch, index_t max_position_embeddings) {
  core::check<ValueError>(
      core::length(batch.cu_seqlens) == batch.num_sequences() + 1 && batch.cu_seqlens.back() == batch.num_tokens(),
      "batch: cu_seqlens has ", batch.cu_seqlens.size(), " entries for ", batch.num_sequences(), " sequences of ",
      batch.num_tokens(), " tokens in all");
  Sequences sequences{.cu_seqlens = tape.keep(batch.cu_seqlens),
                      .rows = tape.keep(batch.rows),
                      .count = batch.num_sequences(),
                      .max_seqlen = 0};
  for (index_t b = 0; b < sequences.count; ++b) {
    const index_t len = sequences.cu_seqlens[b + 1] - sequences.cu_seqlens[b];
    core::check<ValueError>(len <= max_position_embeddings, "batch: sequence ", b, " has ", len,
                            " tokens, the model has positions for ", max_position_embeddings);
    sequences.max_seqlen = std::max(sequences.max_seqlen, len);
  }
  return sequences;
}

/// Some rows of the sequences, ascending, as sequences of their own, kept by the tape. @throws ValueError for a row
/// that there is not, or that is not in order
template <class T>
Sequences keep_chosen(Tape<T>& tape, const Sequences& sequences, std::span<const index_t> rows) {
  for (index_t i = 0; i < core::length(rows); ++i)
    core::check<ValueError>(
        core::at(rows, i) >= (i == 0 ? 0 : core::at(rows, i - 1)) && core::at(rows, i) < sequences.num_tokens(), "row ",
        i, " of those wanted is ", core::at(rows, i), ", expected ascending rows of ", sequences.num_tokens(),
        " tokens");
  index_t* cu_seqlens = tape.template scratch<index_t>(sequences.count + 1);
  Sequences chosen{.cu_seqlens = cu_seqlens, .rows = sequences.rows, .count = sequences.count, .max_seqlen = 0};
  cu_seqlens[0] = 0;
  for (index_t b = 0; b < sequences.count; ++b) {
    cu_seqlens[b + 1] = std::lower_bound(rows.begin(), rows.end(), sequences.cu_seqlens[b + 1]) - rows.begin();
    chosen.max_seqlen = std::max(chosen.max_seqlen, cu_seqlens[b + 1] - cu_seqlens[b]);
  }
  return chosen;
}

}  // namespace minibert::detail
