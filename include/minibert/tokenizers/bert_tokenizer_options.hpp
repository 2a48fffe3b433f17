// The settings of a BERT tokenizer, named as in tokenizer_config.json.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/tokenizers/normalizer.hpp>

namespace minibert {

/// Means no limit on the length of a sequence.
inline constexpr index_t kUnlimited = std::numeric_limits<index_t>::max();

/// The side on which a text is truncated or padded.
enum class Side { left, right };

constexpr std::string_view to_string(Side side) noexcept { return side == Side::left ? "left" : "right"; }

/// The settings of a BERT tokenizer. The defaults equal the defaults of Hugging Face's BertTokenizer.
struct BertTokenizerOptions {
  bool do_lower_case = true;
  std::optional<bool> strip_accents = {};  ///< unset: same as do_lower_case
  bool tokenize_chinese_chars = true;
  bool keep_joiners = false;              ///< true: keep U+200C and U+200D, which BERT drops
  index_t model_max_length = kUnlimited;  ///< longest sequence the model accepts, in tokens, special tokens included
  Side padding_side = Side::right;
  Side truncation_side = Side::right;
  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";
  std::string continuing_subword_prefix = "##";  ///< marks vocabulary entries that continue a word

  /// Returns true if BertTokenizer of transformers supports these settings and so gives the same ids. BertTokenizer
  /// reads only the vocabulary and the added tokens from tokenizer.json. It always drops the zero-width joiners U+200C
  /// and U+200D, and always uses the prefix "##".
  bool fits_bert_tokenizer() const { return !keep_joiners && continuing_subword_prefix == "##"; }

  BertNormalizerOptions normalizer() const {
    return {.handle_chinese_chars = tokenize_chinese_chars,
            .strip_accents = strip_accents,
            .lowercase = do_lower_case,
            .keep_joiners = keep_joiners};
  }
};

namespace tokenizers::detail {

/// Maps the name of a special token in tokenizer_config.json to its member of the options. kNamedSpecialTokens is in
/// the order in which Hugging Face adds missing special tokens to the vocabulary.
struct NamedSpecialToken {
  const char* name;
  std::string BertTokenizerOptions::*member;
};
inline constexpr NamedSpecialToken kNamedSpecialTokens[] = {{"unk_token", &BertTokenizerOptions::unk_token},
                                                            {"sep_token", &BertTokenizerOptions::sep_token},
                                                            {"pad_token", &BertTokenizerOptions::pad_token},
                                                            {"cls_token", &BertTokenizerOptions::cls_token},
                                                            {"mask_token", &BertTokenizerOptions::mask_token}};

}  // namespace tokenizers::detail

/// A token that is found in a text before the text is split into words: a special token or a token added by the user.
/// The flags have the names and meanings of Hugging Face's AddedToken.
struct AddedToken {
  token_id id;  ///< negative: use the id in the vocabulary, or the next free id if the vocabulary lacks the token
  std::string content;
  bool special = true;       ///< decode(ids, skip_special_tokens = true) skips the token; MLM masking never masks it
  bool single_word = false;  ///< found only if no word character (\w in a regex) is next to it
  bool lstrip = false;       ///< a match includes the white space before the token
  bool rstrip = false;       ///< a match includes the white space after the token
  bool normalized = false;  ///< true: search the normalized text for the normalized content; false: search the raw text
};

/// The contents of a tokenizer's files.
struct BertTokenizerParts {
  std::vector<std::string> vocabulary;  ///< index: id; the entry of an unused id is "" or equals a later entry
  std::vector<AddedToken> added_tokens;
  BertTokenizerOptions options;
};

}  // namespace minibert
