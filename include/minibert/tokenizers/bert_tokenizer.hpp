// BertTokenizer: converts text to ids and back, compatible with Hugging Face's BertTokenizer.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/fnv1a.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/bert_pipeline.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/encoding.hpp>
#include <minibert/tokenizers/padding.hpp>
#include <minibert/tokenizers/read_bert_tokenizer.hpp>
#include <minibert/tokenizers/template_processing.hpp>
#include <minibert/tokenizers/truncation.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/wordpiece.hpp>
#include <minibert/tokenizers/wordpiece_decoder.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>
#include <minibert/tokenizers/write_bert_tokenizer.hpp>

namespace minibert {

/// BERT's tokenizer: cleans and lower-cases text, splits it into words and word pieces, and adds special tokens. All
/// const members are thread-safe.
class BertTokenizer {
 public:
  using Options = BertTokenizerOptions;

  /// Creates a tokenizer from a vocabulary (the id of an entry is its index) and settings. Special tokens missing from
  /// the vocabulary get the next ids, as in Hugging Face.
  /// @throws ValueError if the vocabulary lacks unk_token or has an entry that is not UTF-8
  explicit BertTokenizer(std::vector<std::string> vocabulary, const Options& options = {})
      : BertTokenizer(BertTokenizerParts{std::move(vocabulary), {}, options}) {}

  /// Creates a tokenizer from parts, as read_bert_tokenizer() returns them.
  /// @throws ValueError as above, and for invalid added tokens; see AddedTokens
  explicit BertTokenizer(BertTokenizerParts parts) : options_(parts.options), pipeline_(std::move(parts)) {}

  /// Reads a tokenizer from a folder with tokenizer.json or vocab.txt, and tokenizer_config.json.
  /// @throws IoError, FormatError as read_bert_tokenizer(), and FormatError if the parts do not fit together
  static BertTokenizer from_pretrained(const std::filesystem::path& folder) {
    BertTokenizerParts parts = read_bert_tokenizer(folder);
    try {
      return BertTokenizer(std::move(parts));
    } catch (const ValueError& error) {
      core::raise<FormatError>(folder.string(), ": ", error.what());
    }
  }

  /// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt; see write_bert_tokenizer().
  /// @throws IoError if the folder or a file cannot be written
  void save_pretrained(const std::filesystem::path& folder) const {
    write_bert_tokenizer(folder, pipeline_.model(), pipeline_.added_tokens().all(), options_);
  }

  /// Trains a vocabulary on counted words and returns a tokenizer with it and these settings. The words must have been
  /// counted with options.normalizer(). The five special tokens of `options` get the first ids, the trainer's
  /// special_tokens follow. The trainer's continuing_subword_prefix replaces the one in `options`.
  /// @throws ValueError if an option of the trainer is out of range
  static BertTokenizer train(const WordCounts& words, const Options& options, const WordPieceTrainer& trainer) {
    std::vector<AddedToken> named;
    for (const auto member :
         {&Options::pad_token, &Options::unk_token, &Options::cls_token, &Options::sep_token, &Options::mask_token})
      named.push_back({.id = 0, .content = options.*member});
    return train(words, options, trainer, std::move(named));
  }

  /// Trains a tokenizer with this tokenizer's settings and special tokens (in the order of their ids). Corresponds to
  /// Hugging Face's train_new_from_iterator; the trainer's special_tokens are its new_special_tokens.
  /// @throws ValueError as train()
  BertTokenizer train_new(const WordCounts& words, const WordPieceTrainer& trainer) const {
    std::vector<AddedToken> special;
    for (const AddedToken& token : pipeline_.added_tokens().all())
      if (token.special) special.push_back(token);
    return train(words, options_, trainer, std::move(special));
  }

  /// Returns the number of ids, added tokens included: the number of rows an embedding needs. Same as Hugging Face's
  /// len(tokenizer).
  index_t vocab_size() const noexcept { return pipeline_.vocab_size(); }
  index_t model_max_length() const noexcept { return options_.model_max_length; }
  const Options& options() const noexcept { return options_; }

  token_id unk_token_id() const { return pipeline_.id(options_.unk_token); }
  token_id sep_token_id() const { return pipeline_.id(options_.sep_token); }
  token_id pad_token_id() const { return pipeline_.id(options_.pad_token); }
  token_id cls_token_id() const { return pipeline_.id(options_.cls_token); }
  token_id mask_token_id() const { return pipeline_.id(options_.mask_token); }
  /// Returns true if the id belongs to a special token, including [UNK] and a [MASK] written in the text.
  bool is_special(token_id id) const noexcept { return pipeline_.added_tokens().is_special(id); }
  /// Returns true if the token continues a word, i.e. starts with continuing_subword_prefix. This needs a prefix that
  /// starts with punctuation. With any other prefix, a token at the start of a word could look the same.
  /// @throws ValueError if continuing_subword_prefix does not start with punctuation
  bool continues_word(token_id id) const {
    const std::string& prefix = options_.continuing_subword_prefix;
    const bool starts_with_punctuation =
        !prefix.empty() &&
        unicode::is_punctuation(core::utf8::decode(prefix.data(), prefix.data() + prefix.size()).character);
    core::check<ValueError>(starts_with_punctuation, "continuing_subword_prefix is \"", prefix,
                            "\", expected one that starts with punctuation, such as \"##\": a word may start with any ",
                            "other prefix, so the pieces that continue a word cannot be recognised");
    const std::string* token = pipeline_.token(id);
    return token != nullptr && token->size() > prefix.size() && token->starts_with(prefix);
  }

  /// Splits a text into tokens, without [CLS] and [SEP].
  std::vector<std::string> tokenize(std::string_view text) const {
    return convert_ids_to_tokens(encode(text, {.add_special_tokens = false}));
  }

  /// Returns the ids of a text.
  /// @throws ValueError as operator() for one text
  std::vector<token_id> encode(std::string_view text, const EncodeOptions& options = {}) const {
    const EncodeOptions resolved = resolve(options);
    if (resolved.truncation == TruncationStrategy::only_second || resolved.stride != 0 ||
        resolved.padding != PaddingStrategy::do_not_pad)
      return (*this)(text, options).input_ids;
    std::vector<token_id> ids;
    append_encoded(text, resolved.add_special_tokens, tokenizers::detail::TemplateProcessing::room(resolved, false),
                   *resolved.truncation_side, ids);
    return ids;
  }

  // In overloads without options, the type of the second text is a template parameter, which {} cannot match. So in
  // t(text, {}), {} means default options.

  /// Encodes a text as input for a model.
  /// @throws ValueError if max_length leaves no room for the special tokens, truncation is only_second and the text is
  /// too long, stride is not shorter than the part of the text that is kept, or the padding options are invalid
  Encoding operator()(std::string_view text, const EncodeOptions& options = {}) const {
    return encode_alone(text, {}, options);
  }

  /// Encodes a pair of texts as input for a model.
  /// @throws ValueError as for one text, and if only_first or only_second names a text too short to be truncated enough
  Encoding operator()(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
    return encode_alone(text, pair, options);
  }
  template <std::convertible_to<std::string_view> Text>
  Encoding operator()(std::string_view text, const Text& pair) const {
    return encode_alone(text, pair, {});
  }

  /// Encodes texts as input for a model, padded together. Uses all threads; the result does not depend on their number.
  /// @throws ValueError as for one text
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const EncodeOptions& options = {}) const {
    return encode_batch(texts, nullptr, options);
  }

  /// Encodes pairs of texts as input for a model: texts[i] with pairs[i].
  /// @throws ValueError as for one pair, and if the two vectors differ in length
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const std::vector<std::string>& pairs,
                             const EncodeOptions& options) const {
    core::check<ValueError>(texts.size() == pairs.size(), "batch_encode: ", pairs.size(), " second texts, expected ",
                            texts.size(), ", one for each first text");
    return encode_batch(texts, &pairs, options);
  }
  template <std::same_as<std::vector<std::string>> Texts>
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const Texts& pairs) const {
    return batch_encode(texts, pairs, {});
  }

  /// Pads encodings and their overflowing parts according to padding, max_length, pad_to_multiple_of and padding_side.
  /// @throws ValueError if padding is max_length and there is no max_length, or pad_to_multiple_of is invalid
  void pad(std::vector<Encoding>& encodings,
           const EncodeOptions& options = {.padding = PaddingStrategy::longest}) const {
    tokenizers::detail::pad(encodings, resolve(options), pad_token_id());
  }

  /// Appends [CLS] text [SEP] to ids, truncated to max_length tokens. Returns the number of ids that were cut off.
  /// Allocates nothing once `ids` and the thread's buffer are large enough.
  /// @throws ValueError if max_length is below 2
  index_t encode_into(std::string_view text, index_t max_length, std::vector<token_id>& ids) const {
    core::check<ValueError>(max_length >= 2, "encode: max_length is ", max_length,
                            ", expected at least 2, the number of special tokens");
    return append_encoded(text, true, max_length - 2, options_.truncation_side, ids);
  }

  /// Converts ids to text. Skips ids without a token, as Hugging Face does. clean_up_tokenization_spaces also removes
  /// spaces before English punctuation and contractions in the whole text, not only within a token: "don ' t" becomes
  /// "don't".
  /// @throws ValueError for a negative id
  std::string decode(const std::vector<token_id>& ids, bool skip_special_tokens = false,
                     bool clean_up_tokenization_spaces = false) const {
    WordPieceDecoder decoder(options_.continuing_subword_prefix);
    for (const token_id id : ids) {
      core::check<ValueError>(id >= 0, "decode: found the id ", id, ", expected at least 0");
      const std::string* token = pipeline_.token(id);
      if (token != nullptr && !(skip_special_tokens && is_special(pipeline_.added_tokens().find(*token))))
        decoder.add(*token);
    }
    std::string text = decoder.take();
    if (clean_up_tokenization_spaces) WordPieceDecoder::clean_up_tokenization(text);
    return text;
  }

  /// Converts several rows of ids to texts.
  /// @throws ValueError for a negative id
  std::vector<std::string> batch_decode(const std::vector<std::vector<token_id>>& rows,
                                        bool skip_special_tokens = false,
                                        bool clean_up_tokenization_spaces = false) const {
    std::vector<std::string> texts;
    for (const auto& ids : rows) texts.push_back(decode(ids, skip_special_tokens, clean_up_tokenization_spaces));
    return texts;
  }

  /// Returns the id of a token, or the id of unk_token if the token is not in the vocabulary.
  token_id convert_tokens_to_ids(std::string_view token) const { return pipeline_.id(token); }
  std::vector<token_id> convert_tokens_to_ids(const std::vector<std::string>& tokens) const {
    std::vector<token_id> ids;
    for (const std::string& token : tokens) ids.push_back(convert_tokens_to_ids(token));
    return ids;
  }

  /// Returns the token with this id.
  /// @throws ValueError if no token has this id
  const std::string& convert_ids_to_tokens(token_id id) const {
    const std::string* token = pipeline_.token(id);
    core::check<ValueError>(token != nullptr, "convert_ids_to_tokens: no token has the id ", id,
                            ", expected an id of the vocabulary, below ", vocab_size());
    return *token;
  }
  std::vector<std::string> convert_ids_to_tokens(const std::vector<token_id>& ids) const {
    std::vector<std::string> tokens;
    for (const token_id id : ids) tokens.push_back(convert_ids_to_tokens(id));
    return tokens;
  }

  /// Returns a hash of everything that determines the ids of a text. It is the same in every run and on every machine.
  std::uint64_t fingerprint() const;

 private:
  static BertTokenizer train(const WordCounts& words, Options options, WordPieceTrainer trainer,
                             std::vector<AddedToken> special) {
    for (std::string& token : trainer.special_tokens) special.push_back({.id = 0, .content = std::move(token)});
    trainer.special_tokens.clear();
    BertTokenizerParts parts;
    for (AddedToken& token : special) {
      const auto known = std::find(trainer.special_tokens.begin(), trainer.special_tokens.end(), token.content);
      if (known != trainer.special_tokens.end()) continue;
      token.id = static_cast<token_id>(trainer.special_tokens.size());
      trainer.special_tokens.push_back(token.content);
      parts.added_tokens.push_back(std::move(token));
    }
    options.continuing_subword_prefix = trainer.continuing_subword_prefix;
    parts.vocabulary = trainer.train(words);
    parts.options = std::move(options);
    return BertTokenizer(std::move(parts));
  }

  /// Returns the options with every unset value replaced by its default.
  /// @throws ValueError if pad_to_multiple_of is below 1, or truncation and padding would give different lengths
  EncodeOptions resolve(EncodeOptions options) const {
    const bool is_padded = options.padding != PaddingStrategy::do_not_pad;
    if (!options.truncation)
      options.truncation = options.max_length == kUnlimited || is_padded ? TruncationStrategy::do_not_truncate
                                                                         : TruncationStrategy::longest_first;
    if (options.max_length == kUnlimited) options.max_length = options_.model_max_length;
    if (!options.padding_side) options.padding_side = options_.padding_side;
    if (!options.truncation_side) options.truncation_side = options_.truncation_side;
    core::check<ValueError>(options.pad_to_multiple_of >= 1, "encode: pad_to_multiple_of is ",
                            options.pad_to_multiple_of, ", expected at least 1");
    core::check<ValueError>(
        !is_padded || options.truncation == TruncationStrategy::do_not_truncate || options.max_length == kUnlimited ||
            options.max_length % options.pad_to_multiple_of == 0,
        "encode: max_length is ", options.max_length, ", expected a multiple of pad_to_multiple_of, ",
        options.pad_to_multiple_of, ", when texts are both truncated and padded");
    return options;
  }

  Encoding encode_alone(std::string_view text, std::optional<std::string_view> pair,
                        const EncodeOptions& options) const {
    const EncodeOptions resolved = resolve(options);
    Encoding encoding = unpadded(text, pair, resolved);
    tokenizers::detail::pad({&encoding, 1}, resolved, pad_token_id());
    return encoding;
  }

  BatchEncoding encode_batch(const std::vector<std::string>& texts, const std::vector<std::string>* pairs,
                             const EncodeOptions& options) const {
    constexpr index_t kTextsPerChunk = 64;
    const EncodeOptions resolved = resolve(options);
    std::vector<Encoding> encodings = tokenizers::detail::empty_encodings(core::length(texts));
    parallel_for_throwing(core::length(texts), kTextsPerChunk, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) {
        const auto pair = pairs != nullptr ? std::optional<std::string_view>(core::at(*pairs, i)) : std::nullopt;
        core::at(encodings, i) = unpadded(core::at(texts, i), pair, resolved);
      }
    });
    tokenizers::detail::pad(encodings, resolved, pad_token_id());
    return tokenizers::detail::flatten_overflow(std::move(encodings));
  }

  /// Encodes a text or pair without padding. `options` must come from resolve().
  Encoding unpadded(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const {
    thread_local tokenizers::detail::TextTokens first, second;
    const bool with_offsets = options.return_offsets_mapping || options.return_word_ids;
    pipeline_.tokens_of(text, with_offsets, first);
    if (pair) pipeline_.tokens_of(*pair, with_offsets, second);
    const tokenizers::detail::TemplateProcessing process(options, cls_token_id(), sep_token_id());
    return process(first, pair ? &second : nullptr);
  }

  /// Appends one text, truncated to `room` tokens plus special tokens. Returns the number of ids that were cut off.
  index_t append_encoded(std::string_view text, bool add_special_tokens, index_t room, Side truncation_side,
                         std::vector<token_id>& ids) const {
    if (add_special_tokens) ids.push_back(cls_token_id());
    const index_t text_begin = core::length(ids);
    pipeline_.append_ids(text, ids);
    const index_t excess = std::max<index_t>(0, core::length(ids) - text_begin - room);
    const auto cut = truncation_side == Side::right ? ids.end() - excess : ids.begin() + text_begin;
    ids.erase(cut, cut + excess);
    if (add_special_tokens) ids.push_back(sep_token_id());
    return excess;
  }

  BertTokenizerOptions options_;
  tokenizers::detail::BertPipeline pipeline_;
};

inline std::uint64_t BertTokenizer::fingerprint() const {
  std::uint64_t hash = core::kFnv1aStart;
  const auto add = [&](std::string_view text) {
    hash = core::fnv1a("\xFF", core::fnv1a(text, hash));  // ends the text: this byte never occurs in UTF-8
  };
  const BertNormalizerOptions steps = options_.normalizer();
  constexpr index_t kVersion = 1;  // increase when the same files give other ids than before
  add(core::concat("pipeline ", kVersion, steps.handle_chinese_chars, steps.strips_accents(), steps.lowercase));
  if (steps.keep_joiners) add("keeps joiners");
  for (const auto& [name, member] : tokenizers::detail::kNamedSpecialTokens) add(options_.*member);
  if (options_.truncation_side == Side::left) add("cut on the left");
  if (options_.continuing_subword_prefix != "##") add(core::concat("prefix ", options_.continuing_subword_prefix));
  for (const AddedToken& token : pipeline_.added_tokens().all()) {
    add(core::concat(token.id, token.special, token.content));
    if (token.single_word || token.lstrip || token.rstrip || token.normalized)
      add(core::concat(token.single_word, token.lstrip, token.rstrip, token.normalized));
  }
  for (const std::string& token : pipeline_.model().vocabulary()) add(token);
  return hash;
}

}  // namespace minibert
