// Reading a BERT tokenizer from Hugging Face's files: tokenizer.json or vocab.txt, and tokenizer_config.json.
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
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/normalizer_json.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

namespace tokenizers::detail {

/// The result of f(); a FormatError gets `where` in front.
template <class F>
auto in_context(std::string_view where, F&& f) {
  try {
    return f();
  } catch (const FormatError& error) {
    core::raise<FormatError>(where, ": ", error.what());
  }
}

/// The member of that name unless it is absent or null.
inline const Json* find_set(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A member with a "type", which must be the given one; nullptr if it is absent or null.
inline const Json* find_component(const Json& tokenizer, std::string_view name, std::string_view type) {
  const Json* component = find_set(tokenizer, name);
  if (component == nullptr) return nullptr;
  return in_context(name, [&] {
    const std::string& found = component->at("type").as_string();
    core::check<FormatError>(found == type, "found the type \"", found, "\", BERT's is \"", type, "\"");
    return component;
  });
}

/// An id of a file.
inline token_id parse_id(std::int64_t id) {
  core::check<FormatError>(id >= 0 && id < WordPiece::kMaxVocabSize, "an added token has the id ", id,
                           ", expected 0 to ", WordPiece::kMaxVocabSize - 1);
  return static_cast<token_id>(id);
}

/// An added token of a file: an object with a "content" and flags.
inline AddedToken parse_added_token(const Json& token, token_id id) {
  const auto flag = [&](const char* name, bool otherwise) {
    const Json* value = find_set(token, name);
    return value != nullptr ? in_context(name, [&] { return value->as_bool(); }) : otherwise;
  };
  const bool special = flag("special", false);
  return {.id = id,
          .content = token.at("content").as_string(),
          .special = special,
          .single_word = flag("single_word", false),
          .lstrip = flag("lstrip", false),
          .rstrip = flag("rstrip", false),
          .normalized = flag("normalized", !special)};
}

/// A special token by its name in tokenizer_config.json or special_tokens_map.json: a string, or an object with a
/// "content" and flags.
inline AddedToken parse_special_token(const Json& value) {
  if (value.is_string()) return {.id = -1, .content = value.as_string()};
  AddedToken token = parse_added_token(value, -1);
  const Json* normalized = find_set(value, "normalized");
  token.normalized = normalized != nullptr && normalized->as_bool();
  token.special = true;
  return token;
}

inline std::vector<std::string> parse_vocabulary(const Json& vocab) {
  std::vector<std::string> tokens;
  std::vector<bool> taken;
  for (const auto& [token, value] : vocab.as_object()) {
    const std::int64_t id = value.as_integer();
    core::check<FormatError>(id >= 0 && id < WordPiece::kMaxVocabSize, "\"", token, "\" has the id ", id,
                             ", expected 0 to ", WordPiece::kMaxVocabSize - 1);
    if (id >= core::length(tokens)) {
      tokens.resize(core::usize(id + 1));
      taken.resize(core::usize(id + 1));
    }
    core::check<FormatError>(!taken[core::usize(id)], "\"", core::at(tokens, id), "\" and \"", token,
                             "\" have the same id, ", id);
    taken[core::usize(id)] = true;
    core::at(tokens, id) = token;
  }
  return tokens;
}

/// The vocabulary, the added tokens and, until tokenizer_config.json says otherwise, the settings.
inline BertTokenizerParts parse_tokenizer_json(const Json& json) {
  BertTokenizerParts parts;
  const Json& model = json.at("model");
  in_context("model", [&] {
    if (const Json* type = find_set(model, "type"))  // published BERT files have none
      core::check<FormatError>(type->as_string() == "WordPiece", "found the type \"", type->as_string(),
                               "\", BERT's is \"WordPiece\"");
    parts.options.continuing_subword_prefix = model.at("continuing_subword_prefix").as_string();
    const std::int64_t longest = model.at("max_input_chars_per_word").as_integer();
    core::check<FormatError>(longest == WordPiece::kMaxCharactersPerWord, "max_input_chars_per_word is ", longest,
                             ", BERT's is ", WordPiece::kMaxCharactersPerWord);
    parts.options.unk_token = model.at("unk_token").as_string();
    parts.vocabulary = in_context("vocab", [&] { return parse_vocabulary(model.at("vocab")); });
  });
  in_context("added_tokens", [&] {
    for (const Json& token : json.at("added_tokens").as_array())
      parts.added_tokens.push_back(parse_added_token(token, parse_id(token.at("id").as_integer())));
  });
  const Json* normalizer = find_set(json, "normalizer");
  core::check<FormatError>(normalizer != nullptr, "normalizer: found none, BERT's is \"BertNormalizer\"");
  const BertNormalizerOptions steps = in_context("normalizer", [&] { return parse_normalizer(*normalizer); });
  parts.options.tokenize_chinese_chars = steps.handle_chinese_chars;
  parts.options.do_lower_case = steps.lowercase;
  parts.options.strip_accents = steps.strip_accents;
  parts.options.keep_joiners = steps.keep_joiners;
  core::check<FormatError>(find_component(json, "pre_tokenizer", "BertPreTokenizer") != nullptr,
                           "pre_tokenizer: found none, BERT's is \"BertPreTokenizer\"");
  if (const Json* decoder = find_component(json, "decoder", "WordPiece")) {
    const std::string& prefix = decoder->at("prefix").as_string();
    core::check<FormatError>(prefix == parts.options.continuing_subword_prefix, "decoder: prefix is \"", prefix,
                             "\", the model's continuing_subword_prefix is \"", parts.options.continuing_subword_prefix,
                             "\"");
  }
  return parts;
}

/// Refuses a post-processor that adds something else than [CLS] A [SEP] with type 0 and, for pairs, B [SEP] with
/// type 1. None at all is fine: BertTokenizer makes its own.
inline void check_post_processor(const Json& tokenizer, const BertTokenizerOptions& options) {
  const Json* processor = find_set(tokenizer, "post_processor");
  if (processor == nullptr || processor->at("type") == Json("BertProcessing")) return;
  find_component(tokenizer, "post_processor", "TemplateProcessing");
  const auto describe = [&](const char* name) {
    std::string text;
    for (const Json& item : processor->at(name).as_array()) {
      const Json* special = item.find("SpecialToken");
      const Json& part = special != nullptr ? *special : item.at("Sequence");
      text += core::concat(text.empty() ? "" : " ", part.at("id").as_string(), ":", part.at("type_id").as_integer());
    }
    return text;
  };
  const std::string single = core::concat(options.cls_token, ":0 A:0 ", options.sep_token, ":0");
  const std::string pair = core::concat(single, " B:1 ", options.sep_token, ":1");
  for (const auto& [name, expected] : {std::pair("single", single), std::pair("pair", pair)}) {
    const std::string found = describe(name);
    core::check<FormatError>(found == expected, "post_processor: the ", name, " template is \"", found,
                             "\", BERT's is \"", expected, "\"");
  }
}

/// The special tokens that files name, by what they are: "mask_token" and its siblings.
using NamedTokens = std::map<std::string_view, AddedToken>;

/// Takes the special tokens from tokenizer_config.json or special_tokens_map.json, where it names them.
inline void parse_special_tokens(const Json& json, NamedTokens& named) {
  for (const auto& [name, member] : kNamedSpecialTokens)
    if (const Json* value = find_set(json, name))
      named[name] = in_context(name, [&, token = value] { return parse_special_token(*token); });
}

/// Makes them those of the tokenizer. Their flags count where no added token has the same text.
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

/// Calls assign(const Json&) with a member of tokenizer_config.json if it is set.
template <class F>
void read_setting(const Json& config, const char* key, F&& assign) {
  if (const Json* value = find_set(config, key)) in_context(key, [&] { assign(*value); });
}

/// Takes from tokenizer_config.json how text is normalised; what it does not set keeps its value.
inline void parse_pipeline(const Json& config, BertTokenizerOptions& options) {
  const auto read = [&](const char* key, auto& setting) {
    read_setting(config, key, [&](const Json& value) { setting = value.as_bool(); });
  };
  read("do_lower_case", options.do_lower_case);
  read("strip_accents", options.strip_accents);
  read("tokenize_chinese_chars", options.tokenize_chinese_chars);
}

/// Takes the other settings from tokenizer_config.json; what it does not set keeps its value.
inline void parse_config(const Json& config, BertTokenizerOptions& options) {
  read_setting(config, "model_max_length", [&](const Json& value) {
    // Hugging Face writes 1e30 where there is no limit.
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

/// The added tokens that older versions of transformers keep in tokenizer_config.json: an object of them, by id.
inline std::vector<AddedToken> parse_added_tokens_decoder(const Json& config) {
  std::vector<AddedToken> tokens;
  for (const auto& [key, token] : config.at("added_tokens_decoder").as_object()) {
    std::int64_t id = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    core::check<FormatError>(parsed.ec == std::errc() && parsed.ptr == key.data() + key.size(),
                             "added_tokens_decoder: \"", key, "\" is no id");
    tokens.push_back(parse_added_token(token, parse_id(id)));
  }
  return tokens;
}

/// One token a line; white space at the end of a line is no part of it (so \r\n is fine).
inline std::vector<std::string> parse_vocab_txt(std::string_view text) {
  std::vector<std::string> tokens;
  for_each_line(text, [&](std::string_view line) {
    core::check<FormatError>(core::utf8::is_valid(line), "line ", core::length(tokens) + 1, " is not UTF-8");
    tokens.emplace_back(unicode::trim_end(line));
    core::check<FormatError>(core::length(tokens) <= WordPiece::kMaxVocabSize, "more than ", WordPiece::kMaxVocabSize,
                             " lines");
  });
  return tokens;
}

/// Whether transformers opens a folder with this class by tokenizer.json alone, whatever tokenizer_config.json says of
/// the pipeline. FormatError for classes that are not BERT's.
inline bool follows_tokenizer_json(const Json& config) {
  const Json* tokenizer_class = find_set(config, "tokenizer_class");
  if (tokenizer_class == nullptr) return false;
  const std::string& name = tokenizer_class->as_string();
  if (name == "BertTokenizer" || name == "BertTokenizerFast") return false;
  core::check<FormatError>(name == "PreTrainedTokenizerFast" || name == "TokenizersBackend", "tokenizer_class is \"",
                           name, "\", expected \"BertTokenizer\"");
  return true;
}

/// Refuses a tokenizer.json of which transformers' BertTokenizer, to which it is given, would make something else.
inline void check_fits_bert_tokenizer(const BertTokenizerOptions& by_tokenizer_json) {
  const auto refuse = [](auto... difference) {
    core::raise<FormatError>("tokenizer_class is BertTokenizer, which ", difference...,
                             "; expected \"PreTrainedTokenizerFast\", which does as tokenizer.json says");
  };
  if (by_tokenizer_json.keep_joiners) refuse("drops U+200C and U+200D, but tokenizer.json keeps them");
  const std::string& prefix = by_tokenizer_json.continuing_subword_prefix;
  if (prefix != "##") refuse("takes \"##\" for continuing_subword_prefix, but tokenizer.json has \"", prefix, "\"");
}

}  // namespace tokenizers::detail

/// Reads a tokenizer's folder: tokenizer.json if it is there, else vocab.txt; and tokenizer_config.json and
/// special_tokens_map.json. As transformers' BertTokenizer does, it takes from tokenizer.json only the vocabulary and
/// the added tokens when there is a tokenizer_config.json: that one decides about lower case, accents, Chinese
/// characters and the names of the special tokens, with BertTokenizer's defaults for what it does not set. Without it,
/// or when its tokenizer_class is one of transformers' general ones, tokenizer.json decides. An added_tokens_decoder in
/// tokenizer_config.json replaces the added tokens; without one, special_tokens_map.json has the last word on names.
/// IoError when there is no tokenizer or it cannot be read; FormatError, naming file and component, when it is damaged
/// or not BERT's.
inline BertTokenizerParts read_bert_tokenizer(const std::filesystem::path& folder) {
  const auto path_of = [&](const char* name) { return (folder / name).string(); };
  const auto exists = [&](const char* name) { return io::path_exists(folder / name); };
  const auto read = [&](const char* name) { return exists(name) ? Json::read(folder / name) : Json::object(); };
  const bool has_json = exists("tokenizer.json");
  core::check<IoError>(has_json || exists("vocab.txt"), folder.string(),
                       ": no tokenizer here: neither tokenizer.json nor vocab.txt exists");

  BertTokenizerParts parts;
  const Json tokenizer = read("tokenizer.json"), config = read("tokenizer_config.json");
  if (has_json) {
    parts = tokenizers::detail::in_context(path_of("tokenizer.json"),
                                           [&] { return tokenizers::detail::parse_tokenizer_json(tokenizer); });
  } else {
    core::check<FormatError>(!exists("added_tokens.json"), path_of("added_tokens.json"),
                             ": not supported beside a vocab.txt; ",
                             "save the tokenizer with a newer transformers, which writes a tokenizer.json");
    const MappedFile text(folder / "vocab.txt");
    parts.vocabulary = tokenizers::detail::in_context(path_of("vocab.txt"),
                                                      [&] { return tokenizers::detail::parse_vocab_txt(text.view()); });
  }

  tokenizers::detail::NamedTokens named;
  const bool has_decoder = tokenizers::detail::find_set(config, "added_tokens_decoder") != nullptr;
  tokenizers::detail::in_context(path_of("tokenizer_config.json"), [&] {
    if (!exists("tokenizer_config.json")) return;
    if (!has_json || !tokenizers::detail::follows_tokenizer_json(config)) {
      tokenizers::detail::check_fits_bert_tokenizer(parts.options);
      parts.options = {};
      tokenizers::detail::parse_pipeline(config, parts.options);
      if (has_decoder) parts.added_tokens = tokenizers::detail::parse_added_tokens_decoder(config);
    }
    tokenizers::detail::parse_config(config, parts.options);
    tokenizers::detail::parse_special_tokens(config, named);
  });
  if (!has_decoder)
    tokenizers::detail::in_context(path_of("special_tokens_map.json"), [&] {
      tokenizers::detail::parse_special_tokens(read("special_tokens_map.json"), named);
    });
  tokenizers::detail::set_special_tokens(named, parts);
  tokenizers::detail::in_context(path_of("tokenizer.json"),
                                 [&] { tokenizers::detail::check_post_processor(tokenizer, parts.options); });
  return parts;
}

}  // namespace minibert
