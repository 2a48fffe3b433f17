// Definitions of tokenizers/bert_tokenizer.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/fnv1a.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/bert_pipeline.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>
#include <minibert/tokenizers/encoding_lists.hpp>
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

MINIBERT_INLINE BertTokenizer::BertTokenizer(std::vector<std::string> vocabulary, const Options& options)
    : BertTokenizer(BertTokenizerParts{std::move(vocabulary), {}, options}) {}

MINIBERT_INLINE BertTokenizer::BertTokenizer(BertTokenizerParts parts)
    : options_(parts.options), pipeline_(std::make_shared<const tokenizers::detail::BertPipeline>(std::move(parts))) {}

MINIBERT_INLINE BertTokenizer BertTokenizer::from_pretrained(const std::filesystem::path& folder) {
  BertTokenizerParts parts = read_bert_tokenizer(folder);
  try {
    return BertTokenizer(std::move(parts));
  } catch (const ValueError& error) {
    core::raise<FormatError>(folder.string(), ": ", error.what());
  }
}

MINIBERT_INLINE void BertTokenizer::save_pretrained(const std::filesystem::path& folder) const {
  write_bert_tokenizer(folder, pipeline_->model(), pipeline_->added_tokens().all(), options_);
}

MINIBERT_INLINE BertTokenizer BertTokenizer::train(const WordCounts& words, const Options& options,
                                                   const WordPieceTrainer& trainer) {
  std::vector<AddedToken> named;
  for (const auto member :
       {&Options::pad_token, &Options::unk_token, &Options::cls_token, &Options::sep_token, &Options::mask_token})
    named.push_back({.id = 0, .content = options.*member});
  return train(words, options, trainer, std::move(named));
}

MINIBERT_INLINE BertTokenizer BertTokenizer::train_new(const WordCounts& words, const WordPieceTrainer& trainer) const {
  std::vector<AddedToken> special;
  for (const AddedToken& token : pipeline_->added_tokens().all())
    if (token.special) special.push_back(token);
  return train(words, options_, trainer, std::move(special));
}

MINIBERT_INLINE index_t BertTokenizer::vocab_size() const noexcept { return pipeline_->vocab_size(); }

MINIBERT_INLINE token_id BertTokenizer::unk_token_id() const { return pipeline_->id(options_.unk_token); }

MINIBERT_INLINE token_id BertTokenizer::sep_token_id() const { return pipeline_->id(options_.sep_token); }

MINIBERT_INLINE token_id BertTokenizer::pad_token_id() const { return pipeline_->id(options_.pad_token); }

MINIBERT_INLINE token_id BertTokenizer::cls_token_id() const { return pipeline_->id(options_.cls_token); }

MINIBERT_INLINE token_id BertTokenizer::mask_token_id() const { return pipeline_->id(options_.mask_token); }

MINIBERT_INLINE bool BertTokenizer::is_special(token_id id) const noexcept {
  return pipeline_->added_tokens().is_special(id);
}

MINIBERT_INLINE bool BertTokenizer::continues_word(token_id id) const {
  const std::string& prefix = options_.continuing_subword_prefix;
  const bool starts_with_punctuation =
      !prefix.empty() &&
      unicode::is_punctuation(core::utf8::decode(prefix.data(), prefix.data() + prefix.size()).character);
  core::check<ValueError>(starts_with_punctuation, "continuing_subword_prefix is \"", prefix,
                          "\", expected one that starts with punctuation, such as \"##\": a word may start with any ",
                          "other prefix, so the pieces that continue a word cannot be recognized");
  const std::string* token = pipeline_->token(id);
  return token != nullptr && token->size() > prefix.size() && token->starts_with(prefix);
}

MINIBERT_INLINE std::vector<std::string> BertTokenizer::tokenize(std::string_view text) const {
  return convert_ids_to_tokens(encode(text, {.add_special_tokens = false}));
}

MINIBERT_INLINE std::vector<token_id> BertTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  const EncodeOptions resolved = resolve(options);
  if (resolved.truncation == TruncationStrategy::only_second || resolved.stride != 0 ||
      resolved.padding != PaddingStrategy::do_not_pad)
    return (*this)(text, options).input_ids;
  std::vector<token_id> ids;
  append_encoded(text, resolved.add_special_tokens, tokenizers::detail::TemplateProcessing::room(resolved, false),
                 *resolved.truncation_side, ids);
  return ids;
}

MINIBERT_INLINE Encoding BertTokenizer::operator()(std::string_view text, const EncodeOptions& options) const {
  return encode_alone(text, {}, options);
}

MINIBERT_INLINE Encoding BertTokenizer::operator()(std::string_view text, std::string_view pair,
                                                   const EncodeOptions& options) const {
  return encode_alone(text, pair, options);
}

MINIBERT_INLINE BatchEncoding BertTokenizer::batch_encode(const std::vector<std::string>& texts,
                                                          const EncodeOptions& options) const {
  return encode_batch(texts, nullptr, options);
}

MINIBERT_INLINE BatchEncoding BertTokenizer::batch_encode(const std::vector<std::string>& texts,
                                                          const std::vector<std::string>& pairs,
                                                          const EncodeOptions& options) const {
  core::check<ValueError>(texts.size() == pairs.size(), "batch_encode: ", pairs.size(), " second texts, expected ",
                          texts.size(), ", one for each first text");
  return encode_batch(texts, &pairs, options);
}

MINIBERT_INLINE void BertTokenizer::pad(std::vector<Encoding>& encodings, const EncodeOptions& options) const {
  tokenizers::detail::pad(encodings, resolve(options), pad_token_id());
}

MINIBERT_INLINE index_t BertTokenizer::encode_into(std::string_view text, index_t max_length,
                                                   std::vector<token_id>& ids) const {
  core::check<ValueError>(max_length >= 2, "encode: max_length is ", max_length,
                          ", expected at least 2, the number of special tokens");
  return append_encoded(text, true, max_length - 2, options_.truncation_side, ids);
}

MINIBERT_INLINE std::string BertTokenizer::decode(const std::vector<token_id>& ids, bool skip_special_tokens,
                                                  bool clean_up_tokenization_spaces) const {
  WordPieceDecoder decoder(options_.continuing_subword_prefix);
  for (const token_id id : ids) {
    core::check<ValueError>(id >= 0, "decode: found the id ", id, ", expected at least 0");
    const std::string* token = pipeline_->token(id);
    if (token != nullptr && !(skip_special_tokens && is_special(pipeline_->added_tokens().find(*token))))
      decoder.add(*token);
  }
  std::string text = decoder.take();
  if (clean_up_tokenization_spaces) WordPieceDecoder::clean_up_tokenization(text);
  return text;
}

MINIBERT_INLINE std::vector<std::string> BertTokenizer::batch_decode(const std::vector<std::vector<token_id>>& rows,
                                                                     bool skip_special_tokens,
                                                                     bool clean_up_tokenization_spaces) const {
  std::vector<std::string> texts;
  for (const auto& ids : rows) texts.push_back(decode(ids, skip_special_tokens, clean_up_tokenization_spaces));
  return texts;
}

MINIBERT_INLINE token_id BertTokenizer::convert_tokens_to_ids(std::string_view token) const {
  return pipeline_->id(token);
}

MINIBERT_INLINE std::vector<token_id> BertTokenizer::convert_tokens_to_ids(
    const std::vector<std::string>& tokens) const {
  std::vector<token_id> ids;
  for (const std::string& token : tokens) ids.push_back(convert_tokens_to_ids(token));
  return ids;
}

MINIBERT_INLINE const std::string& BertTokenizer::convert_ids_to_tokens(token_id id) const {
  const std::string* token = pipeline_->token(id);
  core::check<ValueError>(token != nullptr, "convert_ids_to_tokens: no token has the id ", id,
                          ", expected an id of the vocabulary, below ", vocab_size());
  return *token;
}

MINIBERT_INLINE std::vector<std::string> BertTokenizer::convert_ids_to_tokens(const std::vector<token_id>& ids) const {
  std::vector<std::string> tokens;
  for (const token_id id : ids) tokens.push_back(convert_ids_to_tokens(id));
  return tokens;
}

MINIBERT_INLINE BertTokenizer BertTokenizer::train(const WordCounts& words, Options options, WordPieceTrainer trainer,
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

MINIBERT_INLINE EncodeOptions BertTokenizer::resolve(EncodeOptions options) const {
  const bool is_padded = options.padding != PaddingStrategy::do_not_pad;
  if (!options.truncation)
    options.truncation = options.max_length == kUnlimited || is_padded ? TruncationStrategy::do_not_truncate
                                                                       : TruncationStrategy::longest_first;
  if (options.max_length == kUnlimited) options.max_length = options_.model_max_length;
  if (!options.padding_side) options.padding_side = options_.padding_side;
  if (!options.truncation_side) options.truncation_side = options_.truncation_side;
  core::check<ValueError>(options.pad_to_multiple_of >= 1, "encode: pad_to_multiple_of is ", options.pad_to_multiple_of,
                          ", expected at least 1");
  core::check<ValueError>(!is_padded || options.truncation == TruncationStrategy::do_not_truncate ||
                              options.max_length == kUnlimited || options.max_length % options.pad_to_multiple_of == 0,
                          "encode: max_length is ", options.max_length, ", expected a multiple of pad_to_multiple_of, ",
                          options.pad_to_multiple_of, ", when texts are both truncated and padded");
  return options;
}

MINIBERT_INLINE Encoding BertTokenizer::encode_alone(std::string_view text, std::optional<std::string_view> pair,
                                                     const EncodeOptions& options) const {
  const EncodeOptions resolved = resolve(options);
  Encoding encoding = unpadded(text, pair, resolved);
  tokenizers::detail::pad({&encoding, 1}, resolved, pad_token_id());
  return encoding;
}

MINIBERT_INLINE BatchEncoding BertTokenizer::encode_batch(const std::vector<std::string>& texts,
                                                          const std::vector<std::string>* pairs,
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

MINIBERT_INLINE Encoding BertTokenizer::unpadded(std::string_view text, std::optional<std::string_view> pair,
                                                 const EncodeOptions& options) const {
  thread_local tokenizers::detail::TextTokens first, second;
  const bool with_offsets = options.return_offsets_mapping || options.return_word_ids;
  pipeline_->tokens_of(text, with_offsets, first);
  if (pair) pipeline_->tokens_of(*pair, with_offsets, second);
  const tokenizers::detail::TemplateProcessing process(options, cls_token_id(), sep_token_id());
  return process(first, pair ? &second : nullptr);
}

MINIBERT_INLINE index_t BertTokenizer::append_encoded(std::string_view text, bool add_special_tokens, index_t room,
                                                      Side truncation_side, std::vector<token_id>& ids) const {
  if (add_special_tokens) ids.push_back(cls_token_id());
  const index_t text_begin = core::length(ids);
  pipeline_->append_ids(text, ids);
  const index_t excess = std::max<index_t>(0, core::length(ids) - text_begin - room);
  const auto cut = truncation_side == Side::right ? ids.end() - excess : ids.begin() + text_begin;
  ids.erase(cut, cut + excess);
  if (add_special_tokens) ids.push_back(sep_token_id());
  return excess;
}

MINIBERT_INLINE std::uint64_t BertTokenizer::fingerprint() const {
  std::uint64_t hash = core::kFnv1aStart;
  const auto add = [&](std::string_view text) {
    hash = core::fnv1a("\xFF", core::fnv1a(text, hash));  // marks the end of the text; this byte never occurs in UTF-8
  };
  const BertNormalizerOptions steps = options_.normalizer();
  constexpr index_t kVersion = 1;  // increase when the same files give other ids than before
  add(core::concat("pipeline ", kVersion, steps.handle_chinese_chars, steps.strips_accents(), steps.lowercase));
  if (steps.keep_joiners) add("keeps joiners");
  for (const auto& [name, member] : tokenizers::detail::kNamedSpecialTokens) add(options_.*member);
  if (options_.truncation_side == Side::left) add("cut on the left");
  if (options_.continuing_subword_prefix != "##") add(core::concat("prefix ", options_.continuing_subword_prefix));
  for (const AddedToken& token : pipeline_->added_tokens().all()) {
    add(core::concat(token.id, token.special, token.content));
    if (token.single_word || token.lstrip || token.rstrip || token.normalized)
      add(core::concat(token.single_word, token.lstrip, token.rstrip, token.normalized));
  }
  for (const std::string& token : pipeline_->model().vocabulary()) add(token);
  return hash;
}

}  // namespace minibert
