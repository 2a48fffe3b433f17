// read_bert_tokenizer(): reads a BERT tokenizer from Hugging Face's files: tokenizer.json or vocab.txt,
// tokenizer_config.json and special_tokens_map.json.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/io/lines.hpp>
#include <minibert/io/model_folder.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/json_members.hpp>
#include <minibert/tokenizers/normalizer_json.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

namespace tokenizers::detail {

/// Returns the member `key` of the object, or nullptr if it is missing or null.
inline const Json* find_non_null(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// Checks the "type" of a component of tokenizer.json. @throws FormatError if the type is not the expected one
inline void check_type(const Json& component, std::string_view expected) {
  const std::string type = member(component, "type", &Json::as_string);
  core::check<FormatError>(type == expected, "type is \"", type, "\", expected \"", expected,
                           "\"; only BERT tokenizers are supported");
}

/// Returns a component of tokenizer.json, such as "decoder", or nullptr if it is missing or null.
/// @throws FormatError if its type is not the expected one
inline const Json* find_component(const Json& tokenizer, std::string_view name, std::string_view type) {
  const Json* component = find_non_null(tokenizer, name);
  if (component != nullptr) in_context(name, [&] { check_type(*component, type); });
  return component;
}

inline token_id parse_id(std::int64_t id) {
  core::check<FormatError>(id >= 0 && id < WordPiece::kMaxVocabSize, "the id is ", id, ", expected 0 to ",
                           WordPiece::kMaxVocabSize - 1);
  return static_cast<token_id>(id);
}

/// Parses an added token: an object with a "content" and flags. A missing flag is false, except that `normalized` is
/// true if it is missing and the token is not special.
inline AddedToken parse_added_token(const Json& token, token_id id) {
  const auto flag = [&](const char* name, bool default_value) {
    const Json* value = find_non_null(token, name);
    return value != nullptr ? in_context(name, [&] { return value->as_bool(); }) : default_value;
  };
  const bool special = flag("special", false);
  return {.id = id,
          .content = member(token, "content", &Json::as_string),
          .special = special,
          .single_word = flag("single_word", false),
          .lstrip = flag("lstrip", false),
          .rstrip = flag("rstrip", false),
          .normalized = flag("normalized", !special)};
}

/// Parses a named special token, such as the value of "mask_token" in tokenizer_config.json or special_tokens_map.json:
/// a string, or an object with a "content" and flags. `special` is always true. The other flags are false if missing.
inline AddedToken parse_special_token(const Json& value) {
  if (value.is_string()) return {.id = -1, .content = value.as_string()};
  AddedToken token = parse_added_token(value, -1);
  const Json* normalized = find_non_null(value, "normalized");
  token.normalized = normalized != nullptr && normalized->as_bool();
  token.special = true;
  return token;
}

/// Parses the "vocab" of tokenizer.json, an object that maps tokens to ids. Returns the tokens in the order of their
/// ids, with "" for unused ids.
inline std::vector<std::string> parse_vocabulary(const Json& vocab) {
  std::vector<std::string> tokens;
  std::vector<bool> taken;
  for (const auto& [token, value] : vocab.as_object()) {
    const std::int64_t id = in_context(token, [&, id = &value] { return id->as_integer(); });
    core::check<FormatError>(id >= 0 && id < WordPiece::kMaxVocabSize, "\"", token, "\" has the id ", id,
                             ", expected 0 to ", WordPiece::kMaxVocabSize - 1);
    if (id >= core::length(tokens)) {
      tokens.resize(core::usize(id + 1));
      taken.resize(core::usize(id + 1));
    }
    core::check<FormatError>(!taken[core::usize(id)], "\"", core::at(tokens, id), "\" and \"", token,
                             "\" both have the id ", id, "; give each token its own id");
    taken[core::usize(id)] = true;
    core::at(tokens, id) = token;
  }
  return tokens;
}

/// Parses tokenizer.json: the vocabulary, the added tokens and the settings. tokenizer_config.json may override the
/// settings.
inline BertTokenizerParts parse_tokenizer_json(const Json& json) {
  BertTokenizerParts parts;
  const Json& model = json.at("model");
  in_context("model", [&] {
    if (find_non_null(model, "type") != nullptr) check_type(model, "WordPiece");  // published BERT files lack the type
    parts.options.continuing_subword_prefix = member(model, "continuing_subword_prefix", &Json::as_string);
    const std::int64_t longest = member(model, "max_input_chars_per_word", &Json::as_integer);
    core::check<FormatError>(longest == WordPiece::kMaxCharactersPerWord, "max_input_chars_per_word is ", longest,
                             ", expected ", WordPiece::kMaxCharactersPerWord, ", the only value supported");
    parts.options.unk_token = member(model, "unk_token", &Json::as_string);
    parts.vocabulary = in_context("vocab", [&] { return parse_vocabulary(model.at("vocab")); });
  });
  in_context("added_tokens", [&] {
    for (const Json& token : json.at("added_tokens").as_array())
      in_context(core::concat("[", parts.added_tokens.size(), "]"), [&] {
        parts.added_tokens.push_back(parse_added_token(token, parse_id(member(token, "id", &Json::as_integer))));
      });
  });
  const Json* normalizer = find_non_null(json, "normalizer");
  core::check<FormatError>(normalizer != nullptr,
                           "normalizer is missing or null, expected one of type \"BertNormalizer\"");
  const BertNormalizerOptions steps = in_context("normalizer", [&] { return parse_normalizer(*normalizer); });
  parts.options.tokenize_chinese_chars = steps.handle_chinese_chars;
  parts.options.do_lower_case = steps.lowercase;
  parts.options.strip_accents = steps.strip_accents;
  parts.options.keep_joiners = steps.keep_joiners;
  core::check<FormatError>(find_component(json, "pre_tokenizer", "BertPreTokenizer") != nullptr,
                           "pre_tokenizer is missing or null, expected one of type \"BertPreTokenizer\"");
  if (const Json* decoder = find_component(json, "decoder", "WordPiece")) {
    const std::string prefix = in_context("decoder", [&] { return member(*decoder, "prefix", &Json::as_string); });
    core::check<FormatError>(prefix == parts.options.continuing_subword_prefix, "decoder: prefix is \"", prefix,
                             "\", expected the model's continuing_subword_prefix, \"",
                             parts.options.continuing_subword_prefix, "\"");
  }
  return parts;
}

/// Returns a template of TemplateProcessing as text, such as "[CLS]:0 A:0 [SEP]:0": [CLS], the first text and [SEP],
/// each with the type id 0.
inline std::string describe_template(const Json& items) {
  std::string text;
  for (const Json& item : items.as_array()) {
    const Json* special = item.find("SpecialToken");
    const Json& part = special != nullptr ? *special : item.at("Sequence");
    text += core::concat(text.empty() ? "" : " ", member(part, "id", &Json::as_string), ":",
                         member(part, "type_id", &Json::as_integer));
  }
  return text;
}

/// Checks that the post-processor does what BertTokenizer always does: it gives [CLS] A [SEP] the type id 0 and, in a
/// pair, B [SEP] the type id 1. The post-processor may be missing. A BertProcessing always passes.
/// @throws FormatError if the post-processor does anything else
inline void check_post_processor(const Json& tokenizer, const BertTokenizerOptions& options) {
  const Json* processor = find_non_null(tokenizer, "post_processor");
  if (processor == nullptr) return;
  in_context("post_processor", [&] {
    if (processor->at("type") == Json("BertProcessing")) return;
    check_type(*processor, "TemplateProcessing");
    const std::string single = core::concat(options.cls_token, ":0 A:0 ", options.sep_token, ":0");
    const std::string pair = core::concat(single, " B:1 ", options.sep_token, ":1");
    for (const auto& [name, expected] : {std::pair("single", single), std::pair("pair", pair)}) {
      const std::string found = in_context(name, [&, key = name] { return describe_template(processor->at(key)); });
      core::check<FormatError>(found == expected, "the template \"", name, "\" is \"", found, "\", expected \"",
                               expected, "\"");
    }
  });
}

/// Maps names such as "mask_token" to special tokens.
using NamedTokens = std::map<std::string_view, AddedToken>;

/// Reads the special tokens in tokenizer_config.json or special_tokens_map.json into `named`. A token replaces an entry
/// of `named` with the same name.
inline void parse_special_tokens(const Json& json, NamedTokens& named) {
  for (const auto& [name, member] : kNamedSpecialTokens)
    if (const Json* value = find_non_null(json, name))
      named[name] = in_context(name, [&, token = value] { return parse_special_token(*token); });
}

/// Sets the special tokens of the options, and appends them to the added tokens. If an added token with the same
/// content exists, keeps that token with its flags and appends nothing.
inline void set_special_tokens(const NamedTokens& named, BertTokenizerParts& parts) {
  for (const auto& [name, member] : kNamedSpecialTokens) {
    const auto found = named.find(name);
    if (found == named.end()) continue;
    parts.options.*member = found->second.content;
    const auto same = [&, token = found](const AddedToken& t) { return t.content == token->second.content; };
    if (std::none_of(parts.added_tokens.begin(), parts.added_tokens.end(), same))
      parts.added_tokens.push_back(found->second);
  }
}

/// Calls assign(const Json&) with the member `key` of tokenizer_config.json, unless the member is missing or null.
template <class F>
void read_setting(const Json& config, const char* key, F&& assign) {
  if (const Json* value = find_non_null(config, key)) in_context(key, [&] { assign(*value); });
}

/// Reads the settings of the normalizer from tokenizer_config.json. Settings that are missing in the file keep their
/// values in `options`.
inline void parse_normalizer_settings(const Json& config, BertTokenizerOptions& options) {
  const auto read = [&](const char* key, auto& setting) {
    read_setting(config, key, [&](const Json& value) { setting = value.as_bool(); });
  };
  read("do_lower_case", options.do_lower_case);
  read("strip_accents", options.strip_accents);
  read("tokenize_chinese_chars", options.tokenize_chinese_chars);
}

/// Reads model_max_length, padding_side and truncation_side from tokenizer_config.json. Settings that are missing in
/// the file keep their values in `options`.
inline void parse_length_settings(const Json& config, BertTokenizerOptions& options) {
  read_setting(config, "model_max_length", [&](const Json& value) {
    // Hugging Face writes 1e30 if there is no limit.
    if (value.as_number() < 1e18) options.model_max_length = value.as_integer();
    core::check<FormatError>(options.model_max_length > 0, "expected at least 1, found ", options.model_max_length);
  });
  const auto read_side = [&](const char* key, Side& side) {
    read_setting(config, key, [&](const Json& value) {
      const std::string& name = value.as_string();
      core::check<FormatError>(name == "left" || name == "right", "expected \"left\" or \"right\", found \"", name,
                               "\"");
      side = name == "left" ? Side::left : Side::right;
    });
  };
  read_side("padding_side", options.padding_side);
  read_side("truncation_side", options.truncation_side);
}

/// Parses the added_tokens_decoder of tokenizer_config.json, an object that maps ids to added tokens. Older versions of
/// transformers write the added tokens there.
inline std::vector<AddedToken> parse_added_tokens_decoder(const Json& decoder) {
  std::vector<AddedToken> tokens;
  for (const auto& [key, token] : decoder.as_object()) {
    std::int64_t id = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    core::check<FormatError>(parsed.ec == std::errc() && parsed.ptr == key.data() + key.size(), "found the key \"", key,
                             "\", expected the id of a token, such as \"103\"");
    tokens.push_back(in_context(key, [&, value = &token] { return parse_added_token(*value, parse_id(id)); }));
  }
  return tokens;
}

/// Parses vocab.txt: one token per line. Drops white space at the end of a line, so lines may end with \r\n.
inline std::vector<std::string> parse_vocab_txt(std::string_view text) {
  std::vector<std::string> tokens;
  for_each_line(text, [&](std::string_view line) {
    core::check<FormatError>(core::utf8::is_valid(line), "line ", core::length(tokens) + 1,
                             " is not valid UTF-8; convert the file to UTF-8");
    tokens.emplace_back(unicode::trim_end(line));
    core::check<FormatError>(core::length(tokens) <= WordPiece::kMaxVocabSize, "found more than ",
                             WordPiece::kMaxVocabSize, " lines, expected a smaller vocabulary, one token per line");
  });
  return tokens;
}

/// Returns true if `config`, the tokenizer_config.json, has a tokenizer_class for which transformers follows
/// tokenizer.json and ignores the normalizer settings of `config`.
/// @throws FormatError for a tokenizer_class of another model
inline bool follows_tokenizer_json(const Json& config) {
  const Json* tokenizer_class = find_non_null(config, "tokenizer_class");
  if (tokenizer_class == nullptr) return false;
  const std::string name = member(config, "tokenizer_class", &Json::as_string);
  if (name == "BertTokenizer" || name == "BertTokenizerFast") return false;
  core::check<FormatError>(
      name == "PreTrainedTokenizerFast" || name == "TokenizersBackend", "tokenizer_class is \"", name,
      "\", expected \"BertTokenizer\" or \"PreTrainedTokenizerFast\"; only BERT tokenizers are supported");
  return true;
}

/// Checks that tokenizer.json works with BertTokenizer of transformers. BertTokenizer always drops joiners and always
/// uses "##" as continuing_subword_prefix.
/// @throws FormatError if tokenizer.json keeps joiners or has another prefix
inline void check_fits_bert_tokenizer(const BertTokenizerOptions& from_tokenizer_json) {
  const auto raise = [](auto... difference) {
    core::raise<FormatError>("tokenizer_class: BertTokenizer ", difference...,
                             "; to use tokenizer.json as it is, set tokenizer_class to \"PreTrainedTokenizerFast\"");
  };
  if (from_tokenizer_json.keep_joiners) raise("drops U+200C and U+200D, but tokenizer.json keeps them");
  const std::string& prefix = from_tokenizer_json.continuing_subword_prefix;
  if (prefix != "##")
    raise("uses the prefix \"##\", but continuing_subword_prefix in tokenizer.json is \"", prefix, "\"");
}

}  // namespace tokenizers::detail

/// Reads a tokenizer from a folder with tokenizer.json or, if tokenizer.json is missing, vocab.txt. The files
/// tokenizer_config.json and special_tokens_map.json are optional. If there is a tokenizer.json, the tokenizer_class in
/// tokenizer_config.json determines, as in transformers, which file gives the settings for lower-casing, accents and
/// Chinese characters:
/// - PreTrainedTokenizerFast, TokenizersBackend, or no tokenizer_config.json: tokenizer.json.
/// - BertTokenizer, BertTokenizerFast, or no tokenizer_class: tokenizer_config.json, with BertTokenizer's defaults for
///   missing settings. tokenizer.json gives the vocabulary and the added tokens. An added_tokens_decoder in
///   tokenizer_config.json replaces these added tokens.
/// With vocab.txt, these settings come from tokenizer_config.json. In all cases tokenizer_config.json also gives
/// model_max_length, the padding and truncation sides and the special tokens ("mask_token" etc.).
/// special_tokens_map.json overrides the special tokens, unless tokenizer_config.json has an added_tokens_decoder.
/// @throws IoError if there is no tokenizer or a file cannot be read, FormatError naming the file and the key if a file
/// is damaged or the tokenizer is not a BERT tokenizer
inline BertTokenizerParts read_bert_tokenizer(const std::filesystem::path& folder) {
  io::check_model_folder(folder, "tokenizer.json or vocab.txt");
  const auto path_of = [&](const char* name) { return (folder / name).string(); };
  const auto exists = [&](const char* name) { return io::path_exists(folder / name); };
  const auto read = [&](const char* name) { return exists(name) ? Json::read(folder / name) : Json::object(); };
  const bool has_json = exists("tokenizer.json");
  core::check<IoError>(has_json || exists("vocab.txt"), folder.string(),
                       ": found no tokenizer, expected tokenizer.json or vocab.txt in it");

  BertTokenizerParts parts;
  const Json tokenizer = read("tokenizer.json"), config = read("tokenizer_config.json");
  if (has_json) {
    parts = tokenizers::detail::in_context(path_of("tokenizer.json"),
                                           [&] { return tokenizers::detail::parse_tokenizer_json(tokenizer); });
  } else {
    core::check<FormatError>(!exists("added_tokens.json"), path_of("added_tokens.json"),
                             ": not supported without tokenizer.json; ",
                             "open and save the tokenizer with a current transformers, which writes tokenizer.json");
    const MappedFile text(folder / "vocab.txt");
    parts.vocabulary = tokenizers::detail::in_context(path_of("vocab.txt"),
                                                      [&] { return tokenizers::detail::parse_vocab_txt(text.view()); });
  }

  tokenizers::detail::NamedTokens named;
  const Json* const added_tokens_decoder = tokenizers::detail::find_non_null(config, "added_tokens_decoder");
  tokenizers::detail::in_context(path_of("tokenizer_config.json"), [&] {
    if (!exists("tokenizer_config.json")) return;
    if (!has_json || !tokenizers::detail::follows_tokenizer_json(config)) {
      tokenizers::detail::check_fits_bert_tokenizer(parts.options);
      parts.options = {};
      tokenizers::detail::parse_normalizer_settings(config, parts.options);
      if (added_tokens_decoder != nullptr)
        parts.added_tokens = tokenizers::detail::in_context("added_tokens_decoder", [&] {
          return tokenizers::detail::parse_added_tokens_decoder(*added_tokens_decoder);
        });
    }
    tokenizers::detail::parse_length_settings(config, parts.options);
    tokenizers::detail::parse_special_tokens(config, named);
  });
  if (added_tokens_decoder == nullptr) {
    const Json special_tokens_map = read("special_tokens_map.json");
    tokenizers::detail::in_context(path_of("special_tokens_map.json"),
                                   [&] { tokenizers::detail::parse_special_tokens(special_tokens_map, named); });
  }
  tokenizers::detail::set_special_tokens(named, parts);
  tokenizers::detail::in_context(path_of("tokenizer.json"),
                                 [&] { tokenizers::detail::check_post_processor(tokenizer, parts.options); });
  return parts;
}

}  // namespace minibert
