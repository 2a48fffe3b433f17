// Encoding: a text or a pair of texts as input for a model, and the options of encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/char_span.hpp>

namespace minibert {

/// The word id of a token that belongs to no word: [CLS], [SEP], padding (None in Hugging Face).
inline constexpr index_t kNoWord = -1;

/// Selects which text is truncated if a text or pair is too long. The names are Hugging Face's.
enum class TruncationStrategy { do_not_truncate, longest_first, only_first, only_second };

/// The length to which sequences are padded. The names are Hugging Face's.
enum class PaddingStrategy { do_not_pad, longest, max_length };

/// The options of encoding, with the names and meanings of the arguments of Hugging Face's tokenizer(…). Designated
/// initializers must follow the order of the members.
struct EncodeOptions {
  bool add_special_tokens = true;  ///< [CLS] A [SEP], or [CLS] A [SEP] B [SEP]
  PaddingStrategy padding = PaddingStrategy::do_not_pad;
  /// Unset: longest_first if max_length is set and there is no padding, otherwise do_not_truncate.
  std::optional<TruncationStrategy> truncation = {};
  index_t max_length = kUnlimited;  ///< in tokens, with special tokens; kUnlimited: the tokenizer's model_max_length
  index_t stride = 0;               ///< number of tokens that successive windows of a truncated text share
  index_t pad_to_multiple_of = 1;
  std::optional<Side> padding_side = {};     ///< unset: the tokenizer's padding_side
  std::optional<Side> truncation_side = {};  ///< unset: the tokenizer's truncation_side
  bool return_overflowing_tokens = false;
  bool return_special_tokens_mask = false;
  bool return_offsets_mapping = false;
  bool return_word_ids = false;
};

/// One text or pair as input for a model. All vectors but `overflowing` have one element per token. Vectors that the
/// options do not request are empty.
struct Encoding {
  std::vector<token_id> input_ids;
  std::vector<std::int32_t> token_type_ids;       ///< 0 for [CLS] A [SEP] and for padding, 1 for B [SEP]
  std::vector<std::int32_t> attention_mask;       ///< 0 for padding, 1 for all other tokens
  std::vector<std::int32_t> special_tokens_mask;  ///< 1 for padding and for [CLS] and [SEP] that the tokenizer added
  std::vector<CharSpan> offset_mapping;           ///< spans in the original text; (0, 0) where special_tokens_mask is 1
  /// Index of the token's word in its text. Punctuation characters and added tokens count as words. kNoWord where
  /// special_tokens_mask is 1.
  std::vector<index_t> word_ids;
  std::vector<Encoding> overflowing;  ///< encodings of the windows that truncation cut off
};

/// The encodings of several texts or pairs, each followed by its overflowing encodings.
struct BatchEncoding {
  std::vector<Encoding> encodings;
  std::vector<index_t> overflow_to_sample_mapping;  ///< for each encoding, the index of its text or pair
};

}  // namespace minibert
