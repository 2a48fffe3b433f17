// Definitions of models/bert_config.hpp.
#pragma once

#include <cmath>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/model_folder.hpp>
#include <minibert/models/bert_config.hpp>

namespace minibert {

namespace models::detail {

inline constexpr index_t kMaxSize = index_t{1} << 28;  // so that the product of two sizes fits in index_t

template <class Config, class F>
void for_each_field(Config& c, F f) {
  f("vocab_size", c.vocab_size);
  f("hidden_size", c.hidden_size);
  f("num_hidden_layers", c.num_hidden_layers);
  f("num_attention_heads", c.num_attention_heads);
  f("intermediate_size", c.intermediate_size);
  f("hidden_act", c.hidden_act);
  f("hidden_dropout_prob", c.hidden_dropout_prob);
  f("attention_probs_dropout_prob", c.attention_probs_dropout_prob);
  f("max_position_embeddings", c.max_position_embeddings);
  f("type_vocab_size", c.type_vocab_size);
  f("initializer_range", c.initializer_range);
  f("layer_norm_eps", c.layer_norm_eps);
  f("pad_token_id", c.pad_token_id);
  f("bos_token_id", c.bos_token_id);
  f("eos_token_id", c.eos_token_id);
  f("classifier_dropout", c.classifier_dropout);
  f("is_decoder", c.is_decoder);
  f("add_cross_attention", c.add_cross_attention);
  f("use_cache", c.use_cache);
  f("tie_word_embeddings", c.tie_word_embeddings);
}

inline void get(const Json& json, index_t& field) { field = json.as_integer(); }
inline void get(const Json& json, double& field) { field = json.as_number(); }
inline void get(const Json& json, bool& field) { field = json.as_bool(); }
inline void get(const Json& json, std::string& field) { field = json.as_string(); }
template <class U>
void get(const Json& json, std::optional<U>& field) {
  if (json.is_null())
    field.reset();
  else
    get(json, field.emplace());
}

template <class U>
Json put(const U& field) {
  return Json(field);
}
template <class U>
Json put(const std::optional<U>& field) {
  return field ? Json(*field) : Json();
}

}  // namespace models::detail

MINIBERT_INLINE BertConfig BertConfig::from_pretrained(const std::filesystem::path& folder) {
  io::check_model_folder(folder, "config.json");
  const std::filesystem::path path = folder / "config.json";
  core::check<IoError>(io::path_exists(path), folder.string(),
                       ": found no config.json in it, expected a model's folder",
                       io::subfolder_advice(folder, "config.json"));
  return from_json(Json::read(path), path.string());
}

MINIBERT_INLINE BertConfig BertConfig::read(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
  if (!is_file && path.extension() != ".json") return from_pretrained(path);
  return from_json(Json::read(path), path.string());
}

MINIBERT_INLINE BertConfig BertConfig::from_json(const Json& json, const std::string& source) {
  core::check<FormatError>(json.is_object(), source, ": is not a JSON object, expected one with the model's settings");
  BertConfig config;
  for (const Json::Member& member : json.as_object()) {
    bool known = false;
    try {
      models::detail::for_each_field(config, [&](std::string_view key, auto& field) {
        if (key != member.first) return;
        models::detail::get(member.second, field);
        known = true;
      });
    } catch (const FormatError& error) {
      core::raise<FormatError>(source, ": ", member.first, ": ", error.what());
    }
    if (!known) config.extra[member.first] = member.second;
  }
  const Json* type = config.extra.find("model_type");
  core::check<FormatError>(type == nullptr || (type->is_string() && type->as_string() == "bert"), source,
                           ": model_type is ", type == nullptr ? "" : type->dump(), ", expected \"bert\"");
  try {
    config.validate();
  } catch (const ValueError& error) {
    core::raise<FormatError>(source, ": ", error.what());
  }
  return config;
}

MINIBERT_INLINE Json BertConfig::to_json(const std::string& architecture, const std::string& dtype) const {
  Json json = extra;
  models::detail::for_each_field(
      *this, [&](std::string_view key, const auto& field) { json[key] = models::detail::put(field); });
  json["architectures"] = Json(Json::Array{Json(architecture)});
  json["dtype"] = dtype;
  json["model_type"] = "bert";
  if (json.find("transformers_version") == nullptr) json["transformers_version"] = "5.23.0";
  json.sort_keys();
  return json;
}

MINIBERT_INLINE void BertConfig::validate() const {
  const std::pair<std::string_view, index_t> sizes[] = {{"vocab_size", vocab_size},
                                                        {"hidden_size", hidden_size},
                                                        {"num_attention_heads", num_attention_heads},
                                                        {"intermediate_size", intermediate_size},
                                                        {"max_position_embeddings", max_position_embeddings},
                                                        {"type_vocab_size", type_vocab_size}};
  for (const auto& [name, size] : sizes)
    core::check<ValueError>(size > 0 && size <= models::detail::kMaxSize, name, " is ", size, ", expected 1 to ",
                            models::detail::kMaxSize);
  core::check<ValueError>(num_hidden_layers >= 0 && num_hidden_layers <= 10000, "num_hidden_layers is ",
                          num_hidden_layers, ", expected 0 to 10000");
  core::check<ValueError>(hidden_size % num_attention_heads == 0, "hidden_size is ", hidden_size,
                          ", expected a multiple of num_attention_heads, ", num_attention_heads);
  static_cast<void>(activation());
  const std::pair<std::string_view, double> rates[] = {{"hidden_dropout_prob", hidden_dropout_prob},
                                                       {"attention_probs_dropout_prob", attention_probs_dropout_prob},
                                                       {"classifier_dropout", classifier_dropout.value_or(0)}};
  for (const auto& [name, rate] : rates)
    core::check<ValueError>(rate >= 0 && rate < 1, name, " is ", rate, ", expected at least 0 and less than 1");
  core::check<ValueError>(initializer_range >= 0 && std::isfinite(initializer_range), "initializer_range is ",
                          initializer_range, ", expected a finite number of at least 0");
  core::check<ValueError>(layer_norm_eps > 0 && std::isfinite(layer_norm_eps), "layer_norm_eps is ", layer_norm_eps,
                          ", expected a finite number of more than 0");
  core::check<ValueError>(!pad_token_id || (*pad_token_id >= 0 && *pad_token_id < vocab_size), "pad_token_id is ",
                          pad_token_id.value_or(0), ", expected 0 or more and less than vocab_size, ", vocab_size);
  core::check<ValueError>(!is_decoder && !add_cross_attention,
                          "is_decoder or add_cross_attention is true, expected false: only encoders are supported");
  const Json* position = extra.find("position_embedding_type");
  core::check<ValueError>(position == nullptr || (position->is_string() && position->as_string() == "absolute"),
                          "position_embedding_type is ", position == nullptr ? "" : position->dump(),
                          ", expected \"absolute\"");
}

MINIBERT_INLINE Activation BertConfig::activation() const {
  if (hidden_act == "gelu") return Activation::gelu;
  if (hidden_act == "gelu_new" || hidden_act == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (hidden_act == "relu") return Activation::relu;
  if (hidden_act == "silu" || hidden_act == "swish") return Activation::silu;
  if (hidden_act == "tanh") return Activation::tanh;
  core::raise<ValueError>("hidden_act is '", hidden_act,
                          "', expected gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish or tanh");
}

}  // namespace minibert
