// write_bert_tokenizer(): writes a BERT tokenizer as Hugging Face's files: tokenizer.json, tokenizer_config.json,
// special_tokens_map.json and vocab.txt.
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/normalizer_json.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

namespace tokenizers::detail {

inline Json added_token_json(const AddedToken& token) {
  return Json(Json::Object{{"id", token.id},
                           {"content", token.content},
                           {"single_word", token.single_word},
                           {"lstrip", token.lstrip},
                           {"rstrip", token.rstrip},
                           {"normalized", token.normalized},
                           {"special", token.special}});
}

/// Returns the "post_processor" of tokenizer.json: a TemplateProcessing that gives [CLS] A [SEP] for a text A, and
/// [CLS] A [SEP] B [SEP] for a pair.
inline Json post_processor_json(const BertTokenizerOptions& options, token_id cls_id, token_id sep_id) {
  const auto part = [](const char* kind, std::string_view id, int type) {
    return Json(Json::Object{{kind, Json::Object{{"id", id}, {"type_id", type}}}});
  };
  const auto special = [](const std::string& token, token_id id) {
    return Json(Json::Object{{"id", token}, {"ids", Json::Array{id}}, {"tokens", Json::Array{token}}});
  };
  const Json cls = part("SpecialToken", options.cls_token, 0), sep = part("SpecialToken", options.sep_token, 0);
  const Json a = part("Sequence", "A", 0), b = part("Sequence", "B", 1);
  return Json(Json::Object{{"type", "TemplateProcessing"},
                           {"single", Json::Array{cls, a, sep}},
                           {"pair", Json::Array{cls, a, sep, b, part("SpecialToken", options.sep_token, 1)}},
                           {"special_tokens", Json::Object{{options.cls_token, special(options.cls_token, cls_id)},
                                                           {options.sep_token, special(options.sep_token, sep_id)}}}});
}

inline Json tokenizer_json(const WordPiece& model, const std::vector<AddedToken>& added_tokens,
                           const BertTokenizerOptions& options) {
  Json::Array added;
  token_id cls_id = WordPiece::kNoToken, sep_id = WordPiece::kNoToken;
  for (const AddedToken& token : added_tokens) {
    added.push_back(added_token_json(token));
    if (token.content == options.cls_token) cls_id = token.id;
    if (token.content == options.sep_token) sep_id = token.id;
  }
  Json::Object vocab;
  for (token_id id = 0; id < model.vocab_size(); ++id)
    if (const std::string* token = model.token(id)) vocab.emplace_back(*token, id);

  return Json(Json::Object{
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", std::move(added)},
      {"normalizer", normalizer_json(options.normalizer())},
      {"pre_tokenizer", Json::Object{{"type", "BertPreTokenizer"}}},
      {"post_processor", post_processor_json(options, cls_id, sep_id)},
      {"decoder",
       Json::Object{{"type", "WordPiece"}, {"prefix", options.continuing_subword_prefix}, {"cleanup", true}}},
      {"model", Json::Object{{"type", "WordPiece"},
                             {"unk_token", options.unk_token},
                             {"continuing_subword_prefix", options.continuing_subword_prefix},
                             {"max_input_chars_per_word", WordPiece::kMaxCharactersPerWord},
                             {"vocab", std::move(vocab)}}}});
}

inline Json special_tokens_json(const BertTokenizerOptions& options) {
  Json json = Json::object();
  for (const auto& [name, member] : kNamedSpecialTokens) json[name] = options.*member;
  json.sort_keys();
  return json;
}

/// Returns the "extra_special_tokens" of tokenizer_config.json: the special tokens that are not the value of a name
/// such as "mask_token". A token is a string or, if a flag is set, an object.
inline Json extra_special_tokens_json(const std::vector<AddedToken>& added_tokens,
                                      const BertTokenizerOptions& options) {
  Json::Array extra;
  for (const AddedToken& token : added_tokens) {
    const bool has_name = std::any_of(std::begin(kNamedSpecialTokens), std::end(kNamedSpecialTokens),
                                      [&](const auto& named) { return options.*named.member == token.content; });
    if (!token.special || has_name) continue;
    Json json(token.content);
    if (token.single_word || token.lstrip || token.rstrip || token.normalized) {
      json = added_token_json(token);
      json.as_object().erase(json.as_object().begin());  // the id
      json["__type"] = "AddedToken";
    }
    extra.push_back(std::move(json));
  }
  return Json(std::move(extra));
}

inline Json tokenizer_config_json(const std::vector<AddedToken>& added_tokens, const BertTokenizerOptions& options) {
  Json json = special_tokens_json(options);
  json["backend"] = "tokenizers";
  const Json extra = extra_special_tokens_json(added_tokens, options);
  // transformers 5 reads this name, too; transformers 4 fails at a list under its new name, extra_special_tokens.
  if (!extra.as_array().empty()) json["additional_special_tokens"] = extra;
  json["do_lower_case"] = options.do_lower_case;
  if (options.model_max_length != kUnlimited) json["model_max_length"] = options.model_max_length;
  if (options.padding_side != Side::right) json["padding_side"] = to_string(options.padding_side);
  json["strip_accents"] = options.strip_accents ? Json(*options.strip_accents) : Json();
  json["tokenize_chinese_chars"] = options.tokenize_chinese_chars;
  json["tokenizer_class"] = options.fits_bert_tokenizer() ? "BertTokenizer" : "PreTrainedTokenizerFast";
  if (!options.fits_bert_tokenizer())  // PreTrainedTokenizerFast's default lacks token_type_ids
    json["model_input_names"] = Json::Array{"input_ids", "token_type_ids", "attention_mask"};
  if (options.truncation_side != Side::right) json["truncation_side"] = to_string(options.truncation_side);
  json.sort_keys();
  return json;
}

}  // namespace tokenizers::detail

/// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt. tokenizer.json and
/// tokenizer_config.json contain the same settings, so Hugging Face's loaders give the same ids, whichever of the two
/// files they follow. If BertTokenizer of transformers does not support the settings (see fits_bert_tokenizer()),
/// tokenizer_config.json names PreTrainedTokenizerFast, which follows tokenizer.json. In this case vocab.txt is not
/// written, and an existing vocab.txt is removed, because programs that read vocab.txt would use the wrong settings.
/// @throws IoError if the folder cannot be created or a file cannot be written or removed
inline void write_bert_tokenizer(const std::filesystem::path& folder, const WordPiece& model,
                                 const std::vector<AddedToken>& added_tokens, const BertTokenizerOptions& options) {
  io::make_directories(folder);
  if (options.fits_bert_tokenizer()) {
    std::string vocab_txt;
    for (const std::string& token : model.vocabulary()) (vocab_txt += token) += '\n';
    io::write_file(folder / "vocab.txt", vocab_txt);
  } else {
    std::error_code error;
    std::filesystem::remove(folder / "vocab.txt", error);  // a tokenizer saved here before may have left one
    core::check<IoError>(!error, (folder / "vocab.txt").string(), ": cannot remove: ", error.message());
  }
  io::write_file(folder / "special_tokens_map.json", tokenizers::detail::special_tokens_json(options).dump(2) + "\n");
  io::write_file(folder / "tokenizer_config.json",
                 tokenizers::detail::tokenizer_config_json(added_tokens, options).dump(2) + "\n");
  io::write_file(folder / "tokenizer.json",
                 tokenizers::detail::tokenizer_json(model, added_tokens, options).dump(2) + "\n");
}

}  // namespace minibert
