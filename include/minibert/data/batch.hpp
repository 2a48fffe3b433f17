// Batch: sequences concatenated without padding.
#pragma once

#include <span>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// B sequences, concatenated without padding. Together they have N tokens.
struct Batch {
  std::vector<token_id> input_ids;        // (N)
  std::vector<token_id> token_type_ids;   // (N)
  std::vector<token_id> position_ids;     // (N), from 0 in each sequence
  std::vector<index_t> cu_seqlens = {0};  // (B + 1): sequence b is tokens cu_seqlens[b] … cu_seqlens[b + 1] − 1
  std::vector<index_t> global_rows;       // (B): index of each sequence in the whole optimizer step

  index_t num_sequences() const noexcept { return core::length(global_rows); }
  index_t num_tokens() const noexcept { return core::length(input_ids); }

  /// Adds a sequence of token type 0. `row` is the index of the sequence in the whole optimizer step.
  void append(std::span<const token_id> ids, index_t row);
  /// Adds a sequence with a token type for each id, such as a pair of texts that a tokenizer has encoded.
  /// @throws ValueError if the numbers of types and ids differ; the batch is then unchanged
  void append(std::span<const token_id> ids, std::span<const token_id> types, index_t row);
  /// Makes one sequence of the ids that the caller appended to input_ids after the previous sequence. Gives the tokens
  /// type 0, unless token_type_ids already contains their types. `row` is the index of the sequence in the whole
  /// optimizer step.
  void end_sequence(index_t row);

  /// Removes all sequences and keeps the allocated memory.
  void clear() noexcept;
};

/// A batch in which M tokens are masked.
struct MaskedLMBatch : Batch {
  std::vector<index_t> masked_indices;  // (M): positions in input_ids, ascending
  std::vector<token_id> labels;         // (M): the ids that these tokens had before masking

  /// Returns M, the number of items over which the loss is averaged.
  index_t num_items() const noexcept { return core::length(labels); }

  void clear() noexcept;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/batch.ipp>
#endif
