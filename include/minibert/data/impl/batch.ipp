// Definitions of data/batch.hpp.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/data/batch.hpp>

namespace minibert {

MINIBERT_INLINE void Batch::append(std::span<const token_id> ids, index_t row) {
  input_ids.insert(input_ids.end(), ids.begin(), ids.end());
  end_sequence(row);
}

MINIBERT_INLINE void Batch::append(std::span<const token_id> ids, std::span<const token_id> types, index_t row) {
  core::check<ValueError>(ids.size() == types.size(), "Batch: a sequence of ", ids.size(), " ids has ", types.size(),
                          " token types, expected one for each id");
  token_type_ids.resize(input_ids.size(), 0);
  token_type_ids.insert(token_type_ids.end(), types.begin(), types.end());
  append(ids, row);
}

MINIBERT_INLINE void Batch::end_sequence(index_t row) {
  token_type_ids.resize(input_ids.size(), 0);
  const index_t size = num_tokens() - cu_seqlens.back();
  for (token_id position = 0; position < size; ++position) position_ids.push_back(position);
  cu_seqlens.push_back(num_tokens());
  global_rows.push_back(row);
}

MINIBERT_INLINE void Batch::clear() noexcept {
  input_ids.clear();
  token_type_ids.clear();
  position_ids.clear();
  cu_seqlens.resize(1);
  global_rows.clear();
}

MINIBERT_INLINE void MaskedLMBatch::clear() noexcept {
  Batch::clear();
  masked_indices.clear();
  labels.clear();
}

}  // namespace minibert
