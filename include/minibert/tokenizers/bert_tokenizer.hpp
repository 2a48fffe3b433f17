// BertTokenizer: converts text to ids and back, compatible with Hugging Face's BertTokenizer.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/encoding.hpp>

namespace minibert {

class WordCounts;
struct WordPieceTrainer;
namespace tokenizers::detail {
class BertPipeline;
}

/// BERT's tokenizer: cleans and lower-cases text, splits it into words and word pieces, and adds special tokens. All
/// const members are thread-safe.
class BertTokenizer {
 public:
  using Options = BertTokenizerOptions;

  /// Creates a tokenizer from a vocabulary and settings. The id of an entry is its index in the vocabulary. Special
  /// tokens missing from the vocabulary get the next ids, as in Hugging Face.
  /// @throws ValueError if the vocabulary lacks unk_token or has an entry that is not UTF-8
  explicit BertTokenizer(std::vector<std::string> vocabulary, const Options& options = {});

  /// Creates a tokenizer from parts, as read_bert_tokenizer() returns them.
  /// @throws ValueError as the other constructor, and for invalid added tokens; see AddedTokens
  explicit BertTokenizer(BertTokenizerParts parts);

  /// Reads a tokenizer from a folder with tokenizer.json or vocab.txt, and optionally tokenizer_config.json.
  /// @throws IoError and FormatError as read_bert_tokenizer(), and FormatError if the constructor rejects what was read
  static BertTokenizer from_pretrained(const std::filesystem::path& folder);

  /// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt; see write_bert_tokenizer().
  /// @throws IoError if the folder or a file cannot be written
  void save_pretrained(const std::filesystem::path& folder) const;

  /// Trains a vocabulary on counted words and returns a tokenizer with this vocabulary and `options`. The words must
  /// have been counted with options.normalizer(). The five special tokens of `options` get the first ids. The trainer's
  /// special_tokens get the next ids. The trainer's continuing_subword_prefix replaces the prefix in `options`.
  /// @throws ValueError if an option of the trainer is out of range
  static BertTokenizer train(const WordCounts& words, const Options& options, const WordPieceTrainer& trainer);

  /// Trains a tokenizer with this tokenizer's settings and special tokens. The special tokens keep their order.
  /// Corresponds to Hugging Face's train_new_from_iterator. trainer.special_tokens corresponds to the argument
  /// new_special_tokens.
  /// @throws ValueError as train()
  BertTokenizer train_new(const WordCounts& words, const WordPieceTrainer& trainer) const;

  /// Returns the number of ids, including the ids of added tokens. An embedding table needs this number of rows. Same
  /// as Hugging Face's len(tokenizer).
  index_t vocab_size() const noexcept;
  index_t model_max_length() const noexcept { return options_.model_max_length; }
  const Options& options() const noexcept { return options_; }

  token_id unk_token_id() const;
  token_id sep_token_id() const;
  token_id pad_token_id() const;
  token_id cls_token_id() const;
  token_id mask_token_id() const;
  /// Returns true if the id belongs to a special token, such as [UNK] or [MASK], whether the tokenizer added the token
  /// or the text contains it. Encoding::special_tokens_mask, in contrast, marks only tokens that the tokenizer has
  /// added.
  bool is_special(token_id id) const noexcept;
  /// Returns true if the token continues a word, i.e. starts with continuing_subword_prefix. The prefix must start with
  /// punctuation. With any other prefix, a token at the start of a word could look the same.
  /// @throws ValueError if continuing_subword_prefix does not start with punctuation
  bool continues_word(token_id id) const;

  /// Splits a text into tokens, without [CLS] and [SEP].
  std::vector<std::string> tokenize(std::string_view text) const;

  /// Returns the ids of a text.
  /// @throws ValueError as operator() for one text
  std::vector<token_id> encode(std::string_view text, const EncodeOptions& options = {}) const;

  // The overloads without options are templates on the type of the second text, and {} cannot match a template
  // parameter. So in tokenizer(text, {}), {} means default options.

  /// Encodes a text as input for a model.
  /// @throws ValueError if max_length leaves no room for the special tokens, if truncation is only_second and the text
  /// is too long, if stride is not less than the number of tokens that truncation keeps, or if the padding options are
  /// invalid
  Encoding operator()(std::string_view text, const EncodeOptions& options = {}) const;

  /// Encodes a pair of texts as input for a model.
  /// @throws ValueError as for one text, or if truncation by only_first or only_second would remove all tokens of a
  /// text
  Encoding operator()(std::string_view text, std::string_view pair, const EncodeOptions& options) const;
  template <std::convertible_to<std::string_view> Text>
  Encoding operator()(std::string_view text, const Text& pair) const {
    return encode_alone(text, pair, {});
  }

  /// Encodes texts as input for a model, padded to a common length if options.padding requests padding. Uses all
  /// threads. The result does not depend on the number of threads.
  /// @throws ValueError as for one text
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const EncodeOptions& options = {}) const;

  /// Encodes pairs of texts as input for a model: texts[i] with pairs[i].
  /// @throws ValueError as for one pair, and if the two vectors differ in length
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const std::vector<std::string>& pairs,
                             const EncodeOptions& options) const;
  template <std::same_as<std::vector<std::string>> Texts>
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const Texts& pairs) const {
    return batch_encode(texts, pairs, {});
  }

  /// Pads encodings and their overflowing encodings according to the options padding, max_length, pad_to_multiple_of
  /// and padding_side.
  /// @throws ValueError if padding is max_length and neither max_length nor model_max_length is set, or if
  /// pad_to_multiple_of is below 1
  void pad(std::vector<Encoding>& encodings,
           const EncodeOptions& options = {.padding = PaddingStrategy::longest}) const;

  /// Appends the ids of [CLS] text [SEP] to `ids`. Truncates the text so that at most max_length ids are appended.
  /// Returns the number of ids that were cut off. Allocates no memory once `ids` and a thread-local buffer are large
  /// enough.
  /// @throws ValueError if max_length is below 2
  index_t encode_into(std::string_view text, index_t max_length, std::vector<token_id>& ids) const;

  /// Converts ids to text. Skips ids without a token, as Hugging Face does. skip_special_tokens also skips special
  /// tokens. Puts no space before a token that is English punctuation or a contraction (see WordPieceDecoder).
  /// clean_up_tokenization_spaces also removes the spaces in a contraction of several tokens, so that "don ' t" becomes
  /// "don't".
  /// @throws ValueError for a negative id
  std::string decode(const std::vector<token_id>& ids, bool skip_special_tokens = false,
                     bool clean_up_tokenization_spaces = false) const;

  /// Converts several rows of ids to texts.
  /// @throws ValueError for a negative id
  std::vector<std::string> batch_decode(const std::vector<std::vector<token_id>>& rows,
                                        bool skip_special_tokens = false,
                                        bool clean_up_tokenization_spaces = false) const;

  /// Returns the id of a token, or the id of unk_token if there is no such token.
  token_id convert_tokens_to_ids(std::string_view token) const;
  std::vector<token_id> convert_tokens_to_ids(const std::vector<std::string>& tokens) const;

  /// Returns the token with this id.
  /// @throws ValueError if no token has this id
  const std::string& convert_ids_to_tokens(token_id id) const;
  std::vector<std::string> convert_ids_to_tokens(const std::vector<token_id>& ids) const;

  /// Returns a hash of everything that determines the ids of a text. The hash is the same in every run and on every
  /// machine.
  std::uint64_t fingerprint() const;

 private:
  static BertTokenizer train(const WordCounts& words, Options options, WordPieceTrainer trainer,
                             std::vector<AddedToken> special);

  /// Returns the options with every unset value replaced by its default.
  /// @throws ValueError if pad_to_multiple_of is below 1, or if texts are both truncated and padded and max_length is
  /// not a multiple of pad_to_multiple_of
  EncodeOptions resolve(EncodeOptions options) const;

  Encoding encode_alone(std::string_view text, std::optional<std::string_view> pair,
                        const EncodeOptions& options) const;

  BatchEncoding encode_batch(const std::vector<std::string>& texts, const std::vector<std::string>* pairs,
                             const EncodeOptions& options) const;

  /// Encodes a text or pair without padding. `options` must come from resolve().
  Encoding unpadded(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const;

  /// Appends the ids of one text, truncated to `room` ids, not counting the special tokens. Returns the number of ids
  /// that were cut off.
  index_t append_encoded(std::string_view text, bool add_special_tokens, index_t room, Side truncation_side,
                         std::vector<token_id>& ids) const;

  BertTokenizerOptions options_;
  std::shared_ptr<const tokenizers::detail::BertPipeline> pipeline_;  // copies share it: the pipeline never changes
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/tokenizers/impl/bert_tokenizer.ipp>
#endif
