// Checks a batch and converts its offsets to the Sequences that ops take.
#pragma once

#include <algorithm>
#include <span>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/sequences.hpp>
#include <minibert/data/batch.hpp>

namespace minibert::models::detail {

/// Returns the sequences of a batch. Copies cu_seqlens and global_rows to the tape.
/// @throws ValueError if cu_seqlens does not fit the numbers of sequences and tokens, or if a sequence is longer than
/// max_position_embeddings
template <class T>
Sequences keep_sequences(Tape<T>& tape, const Batch& batch, index_t max_position_embeddings) {
  core::check<ValueError>(core::length(batch.cu_seqlens) == batch.num_sequences() + 1, "batch: cu_seqlens has ",
                          batch.cu_seqlens.size(), " entries, expected ", batch.num_sequences() + 1,
                          ", one more than global_rows");
  core::check<ValueError>(batch.cu_seqlens.front() == 0, "batch: cu_seqlens begins with ", batch.cu_seqlens.front(),
                          ", expected 0");
  core::check<ValueError>(batch.cu_seqlens.back() == batch.num_tokens(), "batch: cu_seqlens ends with ",
                          batch.cu_seqlens.back(), ", expected ", batch.num_tokens(), ", the number of input_ids");
  Sequences sequences{.cu_seqlens = tape.keep(batch.cu_seqlens),
                      .global_rows = tape.keep(batch.global_rows),
                      .count = batch.num_sequences(),
                      .max_seqlen = 0};
  for (index_t b = 0; b < sequences.count; ++b) {
    const index_t len = sequences.cu_seqlens[b + 1] - sequences.cu_seqlens[b];
    core::check<ValueError>(len >= 0, "batch: cu_seqlens[", b + 1, "] is ", sequences.cu_seqlens[b + 1],
                            ", expected at least cu_seqlens[", b, "], ", sequences.cu_seqlens[b]);
    core::check<ValueError>(len <= max_position_embeddings, "batch: sequence ", b, " has ", len,
                            " tokens, expected at most max_position_embeddings, ", max_position_embeddings,
                            "; truncate it");
    sequences.max_seqlen = std::max(sequences.max_seqlen, len);
  }
  return sequences;
}

/// Returns the sequences that remain if only the tokens at `indices` are kept. `indices` are ascending positions in the
/// concatenated sequences. The tape owns the new offsets.
/// @throws ValueError for an index that is out of range or not in order
template <class T>
Sequences keep_selected(Tape<T>& tape, const Sequences& sequences, std::span<const index_t> indices) {
  for (index_t i = 0; i < core::length(indices); ++i)
    core::check<ValueError>(core::at(indices, i) >= (i == 0 ? 0 : core::at(indices, i - 1)) &&
                                core::at(indices, i) < sequences.num_tokens(),
                            "indices[", i, "] is ", core::at(indices, i), ", expected ascending token numbers below ",
                            sequences.num_tokens());
  index_t* cu_seqlens = tape.template scratch<index_t>(sequences.count + 1);
  Sequences selected{
      .cu_seqlens = cu_seqlens, .global_rows = sequences.global_rows, .count = sequences.count, .max_seqlen = 0};
  cu_seqlens[0] = 0;
  for (index_t b = 0; b < sequences.count; ++b) {
    cu_seqlens[b + 1] = std::lower_bound(indices.begin(), indices.end(), sequences.cu_seqlens[b + 1]) - indices.begin();
    selected.max_seqlen = std::max(selected.max_seqlen, cu_seqlens[b + 1] - cu_seqlens[b]);
  }
  return selected;
}

}  // namespace minibert::models::detail
