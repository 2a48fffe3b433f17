// Padding: brings encodings to the same length, for programs that need rectangular batches. minibert's own batches are
// not padded.
#pragma once

#include <algorithm>
#include <span>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/encoding.hpp>

namespace minibert::tokenizers::detail {

/// Pads an encoding and its overflowing encodings to `target` tokens. Leaves longer encodings unchanged.
inline void pad_to(Encoding& encoding, index_t target, const EncodeOptions& options, token_id pad_token_id) {
  const index_t missing = std::max<index_t>(0, target - core::length(encoding.input_ids));
  const auto pad = [&](auto& row, auto value, bool is_requested) {
    if (row.empty() && !is_requested) return;
    row.insert(options.padding_side == Side::left ? row.begin() : row.end(), core::usize(missing), value);
  };
  pad(encoding.input_ids, pad_token_id, true);
  pad(encoding.token_type_ids, 0, true);
  pad(encoding.attention_mask, 0, true);
  pad(encoding.special_tokens_mask, 1, options.return_special_tokens_mask);
  pad(encoding.offset_mapping, CharSpan{}, options.return_offsets_mapping);
  pad(encoding.word_ids, kNoWord, options.return_word_ids);
  for (Encoding& part : encoding.overflowing) pad_to(part, target, options, pad_token_id);
}

/// Pads all encodings to the same length: to max_length or, if padding is longest, to the length of the longest
/// encoding, not counting overflowing encodings. Rounds this length up to a multiple of pad_to_multiple_of.
/// options.padding_side must be set.
/// @throws ValueError if padding is max_length and max_length is kUnlimited
inline void pad(std::span<Encoding> encodings, const EncodeOptions& options, token_id pad_token_id) {
  if (options.padding == PaddingStrategy::do_not_pad) return;
  index_t target = options.max_length;
  if (options.padding == PaddingStrategy::longest) {
    target = 0;
    for (const Encoding& encoding : encodings) target = std::max(target, core::length(encoding.input_ids));
  }
  core::check<ValueError>(target != kUnlimited,
                          "pad: padding is max_length, but neither max_length nor the tokenizer's ",
                          "model_max_length is set; set one of them");
  target = core::round_up(target, options.pad_to_multiple_of);
  for (Encoding& encoding : encodings) pad_to(encoding, target, options, pad_token_id);
}

}  // namespace minibert::tokenizers::detail
