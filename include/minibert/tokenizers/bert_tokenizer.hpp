// BertTokenizer: text to ids and back, as Hugging Face's BertTokenizer does it.
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

/// BERT's tokenizer: clean text, lower case, words, word pieces, special tokens. All const members are thread-safe.
class BertTokenizer {
 public:
  using Options = BertTokenizerOptions;

  /// A vocabulary (ids are places) and settings. Special tokens that it lacks get the next ids, as in Hugging Face;
  /// unk_token must be in it (ValueError).
  explicit BertTokenizer(std::vector<std::string> vocabulary, const Options& options = {})
      : BertTokenizer(BertTokenizerParts{std::move(vocabulary), {}, options}) {}

  explicit BertTokenizer(BertTokenizerParts parts) : options_(parts.options), pipeline_(std::move(parts)) {}

  /// Opens a folder with tokenizer.json or vocab.txt, and tokenizer_config.json; see read_bert_tokenizer().
  static BertTokenizer from_pretrained(const std::filesystem::path& folder) {
    BertTokenizerParts parts = read_bert_tokenizer(folder);
    try {
      return BertTokenizer(std::move(parts));
    } catch (const ValueError& error) {
      core::raise<FormatError>(folder.string(), ": ", error.what());
    }
  }

  /// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt; see write_bert_tokenizer().
  void save_pretrained(const std::filesystem::path& folder) const {
    write_bert_tokenizer(folder, pipeline_.model(), pipeline_.added_tokens().all(), options_);
  }

  /// A tokenizer with these settings and a vocabulary trained on counted words, which must have been counted with
  /// options.normalizer(). The named special tokens come first, the trainer's own after them; the trainer decides the
  /// prefix of entries that continue a word.
  static BertTokenizer train(const WordCounts& words, const Options& options, const WordPieceTrainer& trainer) {
    std::vector<AddedToken> named;
    for (const auto member :
         {&Options::pad_token, &Options::unk_token, &Options::cls_token, &Options::sep_token, &Options::mask_token})
      named.push_back({.id = 0, .content = options.*member});
    return train(words, options, trainer, std::move(named));
  }

  /// As train(), with this tokenizer's settings and special tokens, the latter in the order of their ids: Hugging
  /// Face's train_new_from_iterator, with the trainer's special tokens as its new_special_tokens.
  BertTokenizer train_new(const WordCounts& words, const WordPieceTrainer& trainer) const {
    std::vector<AddedToken> special;
    for (const AddedToken& token : pipeline_.added_tokens().all())
      if (token.special) special.push_back(token);
    return train(words, options_, trainer, std::move(special));
  }

  /// The number of ids, added tokens included (Hugging Face's len(tokenizer)): the rows of an embedding.
  index_t vocab_size() const noexcept { return pipeline_.vocab_size(); }
  index_t model_max_length() const noexcept { return options_.model_max_length; }
  const Options& options() const noexcept { return options_; }

  token_id unk_token_id() const { return pipeline_.id(options_.unk_token); }
  token_id sep_token_id() const { return pipeline_.id(options_.sep_token); }
  token_id pad_token_id() const { return pipeline_.id(options_.pad_token); }
  token_id cls_token_id() const { return pipeline_.id(options_.cls_token); }
  token_id mask_token_id() const { return pipeline_.id(options_.mask_token); }
  /// Whether the id is that of a special token: [UNK] and a [MASK] in the text count too.
  bool is_special(token_id id) const noexcept { return pipeline_.added_tokens().is_special(id); }
  /// Whether the id's token stands within a word, never at its beginning. ValueError unless continuing_subword_prefix
  /// begins with punctuation, which no word goes on with: else a word may begin with it.
  bool continues_word(token_id id) const {
    const std::string& prefix = options_.continuing_subword_prefix;
    const bool tells =
        !prefix.empty() &&
        unicode::is_punctuation(core::utf8::decode(prefix.data(), prefix.data() + prefix.size()).character);
    core::check<ValueError>(tells, "continuing_subword_prefix is \"", prefix,
                            "\", which may begin a word too: where words begin cannot be told, expected punctuation");
    const std::string* token = pipeline_.token(id);
    return token != nullptr && token->size() > prefix.size() && token->starts_with(prefix);
  }

  /// The pieces of a text, without [CLS] and [SEP].
  std::vector<std::string> tokenize(std::string_view text) const {
    return convert_ids_to_tokens(encode(text, {.add_special_tokens = false}));
  }

  /// The ids of a text. ValueError when max_length has no room for the special tokens.
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

  // The second text of a pair is a template argument where no options follow, so that `{}` means default options.

  /// Encodes a text as a model takes it.
  /// @throws ValueError if max_length leaves no room for the special tokens, only_second would have to cut something,
  /// or stride is as long as a piece of text that is kept
  Encoding operator()(std::string_view text, const EncodeOptions& options = {}) const {
    return encode_alone(text, {}, options);
  }

  /// Encodes a pair of texts as a model takes it.
  /// @throws ValueError as for one text, and if the text to be cut is shorter than the excess
  Encoding operator()(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
    return encode_alone(text, pair, options);
  }
  template <std::convertible_to<std::string_view> Text>
  Encoding operator()(std::string_view text, const Text& pair) const {
    return encode_alone(text, pair, {});
  }

  /// Encodes texts as a model takes them, padded together. Uses all threads; the result is the same for any number.
  /// @throws ValueError as for one text
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const EncodeOptions& options = {}) const {
    return encode_batch(texts, nullptr, options);
  }

  /// Encodes pairs of texts as a model takes them.
  /// @throws ValueError as for one pair, and if there are not as many second texts as first ones
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const std::vector<std::string>& pairs,
                             const EncodeOptions& options) const {
    core::check<ValueError>(texts.size() == pairs.size(), "batch_encode: ", texts.size(), " texts, but ", pairs.size(),
                            " second ones");
    return encode_batch(texts, &pairs, options);
  }
  template <std::same_as<std::vector<std::string>> Texts>
  BatchEncoding batch_encode(const std::vector<std::string>& texts, const Texts& pairs) const {
    return batch_encode(texts, pairs, {});
  }

  /// Pads encodings, with what overflowed from them, as padding, max_length, pad_to_multiple_of and padding_side say.
  void pad(std::vector<Encoding>& encodings,
           const EncodeOptions& options = {.padding = PaddingStrategy::longest}) const {
    tokenizers::detail::pad(encodings, resolve(options), pad_token_id());
  }

  /// Appends [CLS] text [SEP] to ids, cut to max_length; returns how many ids did not fit. Allocates nothing once ids
  /// and the thread's buffer have grown.
  index_t encode_into(std::string_view text, index_t max_length, std::vector<token_id>& ids) const {
    core::check<ValueError>(max_length >= 2, "encode: max_length is ", max_length,
                            ", too short for the 2 special tokens");
    return append_encoded(text, true, max_length - 2, options_.truncation_side, ids);
  }

  /// The text of ids. Ids that no token has are left out, as in Hugging Face; ValueError for negative ones.
  /// clean_up_tokenization_spaces moves English punctuation and contractions up to the word before once more, in the
  /// text as a whole: "don ' t" becomes "don't".
  std::string decode(const std::vector<token_id>& ids, bool skip_special_tokens = false,
                     bool clean_up_tokenization_spaces = false) const {
    WordPieceDecoder decoder(options_.continuing_subword_prefix);
    for (const token_id id : ids) {
      core::check<ValueError>(id >= 0, "decode: ", id, " is no id");
      const std::string* token = pipeline_.token(id);
      if (token != nullptr && !(skip_special_tokens && is_special(pipeline_.added_tokens().find(*token))))
        decoder.add(*token);
    }
    std::string text = decoder.take();
    if (clean_up_tokenization_spaces) WordPieceDecoder::clean_up_tokenization(text);
    return text;
  }

  /// The texts of several rows of ids.
  std::vector<std::string> batch_decode(const std::vector<std::vector<token_id>>& rows,
                                        bool skip_special_tokens = false,
                                        bool clean_up_tokenization_spaces = false) const {
    std::vector<std::string> texts;
    for (const auto& ids : rows) texts.push_back(decode(ids, skip_special_tokens, clean_up_tokenization_spaces));
    return texts;
  }

  /// The id of a token; that of unk_token for one that is not in the vocabulary.
  token_id convert_tokens_to_ids(std::string_view token) const { return pipeline_.id(token); }
  std::vector<token_id> convert_tokens_to_ids(const std::vector<std::string>& tokens) const {
    std::vector<token_id> ids;
    for (const std::string& token : tokens) ids.push_back(convert_tokens_to_ids(token));
    return ids;
  }

  /// The token of an id; ValueError for one that no token has.
  const std::string& convert_ids_to_tokens(token_id id) const {
    const std::string* token = pipeline_.token(id);
    core::check<ValueError>(token != nullptr, "convert_ids_to_tokens: no token has the id ", id,
                            ", the vocabulary has ", vocab_size());
    return *token;
  }
  std::vector<std::string> convert_ids_to_tokens(const std::vector<token_id>& ids) const {
    std::vector<std::string> tokens;
    for (const token_id id : ids) tokens.push_back(convert_ids_to_tokens(id));
    return tokens;
  }

  /// A hash of everything that decides which ids a text gets: the same in every run and on every machine.
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

  /// The options with nothing left open. ValueError when texts are to be cut and padded to different lengths.
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
    core::check<ValueError>(!is_padded || options.truncation == TruncationStrategy::do_not_truncate ||
                                options.max_length == kUnlimited ||
                                options.max_length % options.pad_to_multiple_of == 0,
                            "encode: texts are cut to ", options.max_length, ", no multiple of pad_to_multiple_of, ",
                            options.pad_to_multiple_of);
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
    return tokenizers::detail::with_overflow_in_line(std::move(encodings));
  }

  /// A text or pair before padding. In the options nothing is left open.
  Encoding unpadded(std::string_view text, std::optional<std::string_view> pair, const EncodeOptions& options) const {
    thread_local tokenizers::detail::TextTokens first, second;
    const bool with_places = options.return_offsets_mapping || options.return_word_ids;
    pipeline_.tokens_of(text, with_places, first);
    if (pair) pipeline_.tokens_of(*pair, with_places, second);
    const tokenizers::detail::TemplateProcessing process(options, cls_token_id(), sep_token_id());
    return process(first, pair ? &second : nullptr);
  }

  /// Appends one text, of which `room` tokens stay; returns how many ids did not fit.
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
    hash = core::fnv1a("\xFF", core::fnv1a(text, hash));  // a byte that no UTF-8 holds ends the text
  };
  const BertNormalizerOptions steps = options_.normalizer();
  constexpr index_t kRules = 1;  // another number whenever a text begins to get other ids from the same files
  add(core::concat("pipeline ", kRules, steps.handle_chinese_chars, steps.strips_accents(), steps.lowercase));
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
