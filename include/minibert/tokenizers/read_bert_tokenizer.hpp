// read_bert_tokenizer(): reads a BERT tokenizer from Hugging Face's files: tokenizer.json or vocab.txt,
// tokenizer_config.json, special_tokens_map.json and added_tokens.json.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
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
#include <minibert/tokenizers/special_tokens_json.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

namespace tokenizers::detail {

/// Returns a component of tokenizer.json, such as "decoder", or nullptr if it is missing or null. If the component is a
/// Sequence with a single member, returns this member. `members` is the key of the list of members in a Sequence, such
/// as "decoders".
/// @throws FormatError if the type of the component is not `type`
inline const Json* find_component(const Json& tokenizer, std::string_view name, std::string_view members,
                                  std::string_view type) {
  const Json* component = find_non_null(tokenizer, name);
  if (component == nullptr) return nullptr;
  component = &without_sequence(*component, members);
  in_context(name, [&] { check_type(*component, type); });
  return component;
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
  core::check<FormatError>(find_component(json, "pre_tokenizer", "pretokenizers", "BertPreTokenizer") != nullptr,
                           "pre_tokenizer is missing or null, expected one of type \"BertPreTokenizer\"");
  if (const Json* decoder = find_component(json, "decoder", "decoders", "WordPiece")) {
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

/// Returns the id that the files give to a token, or WordPiece::kNoToken if they give none.
inline token_id id_in_files(const BertTokenizerParts& parts, std::string_view token) {
  for (const AddedToken& added : parts.added_tokens)
    if (added.content == token && added.id >= 0) return added.id;
  const auto found = std::find(parts.vocabulary.rbegin(), parts.vocabulary.rend(), token);
  return static_cast<token_id>(parts.vocabulary.rend() - found) - 1;  // −1 if there is none
}

/// Checks that the id of a token in the post-processor is its id in the vocabulary or in the added tokens. transformers
/// uses the id in the post-processor.
/// @throws FormatError if the ids differ
inline void check_processor_id(const BertTokenizerParts& parts, const std::string& token, const Json& id) {
  const token_id expected = id_in_files(parts, token);
  core::check<FormatError>(id == Json(expected), "gives \"", token, "\" the id ", id.dump(), ", expected ",
                           expected == WordPiece::kNoToken ? std::string("a token of the vocabulary")
                                                           : core::concat("its id in the vocabulary, ", expected),
                           "; the post-processor belongs to another vocabulary: make it anew");
}

/// Checks a BertProcessing. Instead of templates it has two members, "cls" and "sep", each a pair of a token and its
/// id.
inline void check_bert_processing(const Json& processor, const BertTokenizerParts& parts) {
  for (const auto& [name, token] :
       {std::pair("cls", parts.options.cls_token), std::pair("sep", parts.options.sep_token)})
    in_context(name, [&, key = name, expected = &token] {
      const Json::Array& pair = processor.at(key).as_array();
      core::check<FormatError>(pair.size() == 2 && pair[0] == Json(*expected), "found ", processor.at(key).dump(),
                               ", expected \"", *expected, "\" and its id");
      check_processor_id(parts, *expected, pair[1]);
    });
}

/// Checks a TemplateProcessing: its templates, and the ids of the tokens in them.
inline void check_template_processing(const Json& processor, const BertTokenizerParts& parts) {
  check_type(processor, "TemplateProcessing");
  const BertTokenizerOptions& options = parts.options;
  const std::string single = core::concat(options.cls_token, ":0 A:0 ", options.sep_token, ":0");
  const std::string pair = core::concat(single, " B:1 ", options.sep_token, ":1");
  for (const auto& [name, expected] : {std::pair("single", single), std::pair("pair", pair)}) {
    const std::string found = in_context(name, [&, key = name] { return describe_template(processor.at(key)); });
    core::check<FormatError>(found == expected, "the template \"", name, "\" is \"", found, "\", expected \"", expected,
                             "\"");
  }
  in_context("special_tokens", [&] {
    for (const std::string& token : {options.cls_token, options.sep_token}) {
      const Json::Array& ids = in_context(
          token, [&]() -> const Json::Array& { return processor.at("special_tokens").at(token).at("ids").as_array(); });
      core::check<FormatError>(ids.size() == 1, "\"", token, "\" has ", ids.size(), " ids, expected one");
      check_processor_id(parts, token, ids[0]);
    }
  });
}

/// Checks that the post-processor does what BertTokenizer always does: it gives [CLS] A [SEP] the type id 0 and, in a
/// pair, B [SEP] the type id 1.
/// @throws FormatError if the post-processor is missing, does anything else, or has ids of another vocabulary
inline void check_post_processor(const Json& tokenizer, const BertTokenizerParts& parts) {
  const Json* found = find_non_null(tokenizer, "post_processor");
  core::check<FormatError>(
      found != nullptr, "post_processor is missing or null, so transformers would add neither ",
      parts.options.cls_token, " nor ", parts.options.sep_token,
      ", expected a \"TemplateProcessing\" that adds both, or tokenizer_class \"BertTokenizer\" in "
      "tokenizer_config.json, which always adds them");
  in_context("post_processor", [&] {
    const Json& processor = without_sequence(*found, "processors");
    if (processor.at("type") == Json("BertProcessing"))
      check_bert_processing(processor, parts);
    else
      check_template_processing(processor, parts);
  });
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
    const double length = value.as_number();
    if (length >= 1e18) return;  // Hugging Face writes 1e30 if there is no limit
    core::check<FormatError>(length >= 1, "expected at least 1, found ", value.dump());
    core::check<FormatError>(length == std::floor(length), "expected an integer, found ", value.dump());
    options.model_max_length = static_cast<index_t>(length);
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

/// Returns true for a class of transformers that does the same as BertTokenizer.
inline bool is_bert_class(std::string_view name) {
  constexpr std::string_view kFast = "Fast";
  if (name.ends_with(kFast)) name.remove_suffix(kFast.size());
  constexpr std::string_view kClasses[] = {"BertTokenizer",       "ConvBertTokenizer",   "DistilBertTokenizer",
                                           "ElectraTokenizer",    "LayoutLMTokenizer",   "LxmertTokenizer",
                                           "MobileBertTokenizer", "SqueezeBertTokenizer"};
  return std::find(std::begin(kClasses), std::end(kClasses), name) != std::end(kClasses);
}

/// Returns true if the model_type in config.json is one whose tokenizer class, in transformers, is BertTokenizer.
inline bool is_bert_model(const Json& model_config) {
  constexpr std::string_view kTypes[] = {"bert",   "distilbert", "electra",    "layoutlm",
                                         "lxmert", "mobilebert", "squeezebert"};
  const Json* type = find_non_null(model_config, "model_type");
  return type != nullptr && std::any_of(std::begin(kTypes), std::end(kTypes),
                                        [&](std::string_view name) { return *type == Json(std::string(name)); });
}

/// Returns true if transformers takes the settings of the normalizer from tokenizer.json and ignores those in `config`,
/// the tokenizer_config.json. This depends on the tokenizer_class in `config`.
/// @throws FormatError if the tokenizer_class is that of another model, or if it needs a tokenizer.json and has_json is
/// false
inline bool follows_tokenizer_json(const Json& config, bool has_json) {
  if (find_non_null(config, "tokenizer_class") == nullptr) return false;
  const std::string name = member(config, "tokenizer_class", &Json::as_string);
  if (is_bert_class(name)) return false;
  core::check<FormatError>(
      name == "PreTrainedTokenizerFast" || name == "TokenizersBackend", "tokenizer_class is \"", name,
      "\", expected \"BertTokenizer\" or \"PreTrainedTokenizerFast\"; only BERT tokenizers are supported");
  core::check<FormatError>(has_json, "tokenizer_class is \"", name,
                           "\", which takes all from tokenizer.json, but this file is missing; if vocab.txt is the "
                           "vocabulary of a BERT, set tokenizer_class to \"BertTokenizer\"");
  return true;
}

/// Checks that tokenizer.json works with BertTokenizer of transformers. BertTokenizer always drops the
/// zero-width joiners U+200C and U+200D, and always has "##" as continuing_subword_prefix.
/// @throws FormatError if tokenizer.json keeps the joiners or has another prefix
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

/// Checks that the vocabulary contains the token for unknown words, and that all files name the same token.
/// `from_model` is the unk_token in tokenizer.json, or "" if transformers does not read it from there.
inline void check_unk_token(const BertTokenizerParts& parts, const std::string& from_model) {
  const auto& [tokens, added_tokens, options] = parts;
  core::check<FormatError>(from_model.empty() || from_model == options.unk_token, "model: unk_token is \"", from_model,
                           "\", but \"", options.unk_token,
                           "\" in tokenizer_config.json or special_tokens_map.json; make them equal");
  core::check<FormatError>(std::find(tokens.begin(), tokens.end(), options.unk_token) != tokens.end(), "found ",
                           tokens.size(), tokens.size() == 1 ? " token" : " tokens",
                           ", but not the token for unknown words, \"", options.unk_token,
                           "\"; add it, or set unk_token in tokenizer_config.json to another token of the vocabulary");
}

/// Merges two lists of added tokens. A token in both lists keeps its id and its position in `old`, and gets its flags
/// from `newer`. Tokens that are only in `newer` are appended.
inline std::vector<AddedToken> merged(std::vector<AddedToken> old, const std::vector<AddedToken>& newer) {
  for (const AddedToken& token : newer) {
    const auto same = find_token(old, token.content);
    if (same == old.end()) {
      old.push_back(token);
    } else {
      const token_id id = same->id;
      *same = token;
      same->id = id;
    }
  }
  return old;
}

}  // namespace tokenizers::detail

/// Reads a tokenizer from a folder with tokenizer.json or, if tokenizer.json is missing, vocab.txt. The files
/// tokenizer_config.json, special_tokens_map.json and added_tokens.json are optional. If there is a tokenizer.json, the
/// tokenizer_class in tokenizer_config.json determines, as in transformers, which file gives the settings for
/// lower-casing, accents and Chinese characters:
/// - PreTrainedTokenizerFast or TokenizersBackend: tokenizer.json. In this case the post-processor in tokenizer.json is
///   checked, too. The same applies without tokenizer_config.json, unless config.json is that of a BERT.
/// - BertTokenizer, BertTokenizerFast, no tokenizer_class, or a config.json of a BERT without tokenizer_config.json:
///   tokenizer_config.json, with BertTokenizer's defaults for missing settings. tokenizer.json gives the vocabulary and
///   the added tokens. An added_tokens_decoder in tokenizer_config.json replaces these added tokens.
/// With vocab.txt, these settings come from tokenizer_config.json. In all cases tokenizer_config.json also gives
/// model_max_length, the padding and truncation sides and the special tokens ("mask_token", "bos_token",
/// "extra_special_tokens" etc.). If tokenizer_config.json has no added_tokens_decoder, special_tokens_map.json
/// overrides the special tokens, and added_tokens.json adds tokens. Special tokens that the vocabulary lacks get the
/// next ids.
/// @throws IoError if there is no tokenizer or a file cannot be read, FormatError naming the file and the key if a file
/// is damaged or the tokenizer is not a BERT tokenizer
inline BertTokenizerParts read_bert_tokenizer(const std::filesystem::path& folder) {
  namespace detail = tokenizers::detail;
  io::check_model_folder(folder, "tokenizer.json or vocab.txt");
  const auto path_of = [&](const char* name) { return (folder / name).string(); };
  const auto exists = [&](const char* name) { return io::path_exists(folder / name); };
  const auto read = [&](const char* name) { return exists(name) ? Json::read(folder / name) : Json::object(); };
  const bool has_json = exists("tokenizer.json"), has_config = exists("tokenizer_config.json");
  core::check<IoError>(has_json || exists("vocab.txt"), folder.string(),
                       ": found no tokenizer, expected tokenizer.json or vocab.txt in it");

  BertTokenizerParts parts;
  const Json tokenizer = read("tokenizer.json"), config = read("tokenizer_config.json");
  if (has_json) {
    parts = detail::in_context(path_of("tokenizer.json"), [&] { return detail::parse_tokenizer_json(tokenizer); });
  } else {
    const MappedFile text(folder / "vocab.txt");
    parts.vocabulary = detail::in_context(path_of("vocab.txt"), [&] { return detail::parse_vocab_txt(text.view()); });
  }

  detail::SpecialTokensReader special_tokens;
  const bool has_decoder = detail::find_non_null(config, "added_tokens_decoder") != nullptr;
  const bool follows_json = detail::in_context(path_of("tokenizer_config.json"), [&] {
    if (!has_config && !(has_json && detail::is_bert_model(read("config.json")))) return has_json;
    const bool follows = detail::follows_tokenizer_json(config, has_json);
    if (!follows) {
      detail::check_fits_bert_tokenizer(parts.options);
      parts.options = {};
      detail::parse_normalizer_settings(config, parts.options);
    }
    special_tokens.read_config(config);
    if (const Json* decoder = detail::find_non_null(config, "added_tokens_decoder")) {
      const auto is_named = [&](const std::string& token) { return special_tokens.is_named(token, parts.options); };
      const auto tokens = detail::in_context("added_tokens_decoder",
                                             [&] { return detail::parse_added_tokens_decoder(*decoder, is_named); });
      parts.added_tokens = follows ? detail::merged(std::move(parts.added_tokens), tokens) : tokens;
    }
    detail::parse_length_settings(config, parts.options);
    return follows;
  });
  if (!has_decoder) {
    const Json map = read("special_tokens_map.json"), added = read("added_tokens.json");
    detail::in_context(path_of("special_tokens_map.json"), [&] { special_tokens.read_map(map); });
    detail::in_context(path_of("added_tokens.json"), [&] {
      parts.added_tokens =
          detail::merged(detail::parse_added_tokens_map(added, special_tokens), std::exchange(parts.added_tokens, {}));
    });
  }
  const std::string unk_token = parts.options.unk_token;
  detail::in_context(folder.string(), [&] { special_tokens.add_to(parts); });
  detail::in_context(path_of(has_json ? "tokenizer.json" : "vocab.txt"),
                     [&] { detail::check_unk_token(parts, follows_json ? unk_token : std::string()); });
  if (follows_json)
    detail::in_context(path_of("tokenizer.json"), [&] { detail::check_post_processor(tokenizer, parts); });
  return parts;
}

}  // namespace minibert
