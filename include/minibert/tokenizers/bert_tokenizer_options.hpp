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

/// No limit on the length of a sequence.
inline constexpr index_t kUnlimited = std::numeric_limits<index_t>::max();

/// A side of a text: where it is cut, or padded.
enum class Side { left, right };

constexpr std::string_view to_string(Side side) noexcept { return side == Side::left ? "left" : "right"; }

/// The settings of a BERT tokenizer. Defaults are those of Hugging Face's BertTokenizer.
struct BertTokenizerOptions {
  bool do_lower_case = true;
  std::optional<bool> strip_accents = {};  ///< unset: as do_lower_case
  bool tokenize_chinese_chars = true;
  bool keep_joiners = false;              ///< unlike BERT, which drops U+200C and U+200D
  index_t model_max_length = kUnlimited;  ///< the longest sequence the model takes, special tokens included
  Side padding_side = Side::right;
  Side truncation_side = Side::right;
  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";
  std::string continuing_subword_prefix = "##";  ///< of entries that continue a word

  /// Whether transformers' BertTokenizer, which takes the vocabulary only and makes the rest itself, gives these ids.
  bool fits_bert_tokenizer() const { return !keep_joiners && continuing_subword_prefix == "##"; }

  BertNormalizerOptions normalizer() const {
    return {.handle_chinese_chars = tokenize_chinese_chars,
            .strip_accents = strip_accents,
            .lowercase = do_lower_case,
            .keep_joiners = keep_joiners};
  }
};

namespace tokenizers::detail {

/// The names of the five special tokens in tokenizer_config.json, in the order in which Hugging Face adds those that
/// the vocabulary lacks.
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

/// A token that is cut out of a text before it is split into words: the special ones, and whatever a user added. The
/// flags are those of Hugging Face's AddedToken.
struct AddedToken {
  token_id id;  ///< negative: that of the vocabulary or, where it does not hold the token, the next free one
  std::string content;
  bool special = true;       ///< left out by decode(ids, skip_special_tokens = true), and never masked
  bool single_word = false;  ///< only where no letter, mark, digit or connector stands beside it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space after it
  bool normalized = false;   ///< found, normalised itself, in the normalised text instead of the raw one
};

/// What a tokenizer is made of, as its files say.
struct BertTokenizerParts {
  std::vector<std::string> vocabulary;  ///< by id; "" or a duplicate where no token has the id
  std::vector<AddedToken> added_tokens;
  BertTokenizerOptions options;
};

}  // namespace minibert
