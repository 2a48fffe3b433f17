// BertConfig: reads and writes config.json in Hugging Face's format.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/ops/activation.hpp>

namespace minibert {

/// Has the fields and defaults of transformers' BertConfig. Other keys of a config.json are kept in `extra`.
struct BertConfig {
  index_t vocab_size = 30522;
  index_t hidden_size = 768;
  index_t num_hidden_layers = 12;
  index_t num_attention_heads = 12;
  index_t intermediate_size = 3072;
  std::string hidden_act = "gelu";  ///< see activation() for the supported names
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  index_t max_position_embeddings = 512;
  index_t type_vocab_size = 2;
  double initializer_range = 0.02;
  double layer_norm_eps = 1e-12;
  std::optional<index_t> pad_token_id = 0;
  std::optional<index_t> bos_token_id = std::nullopt;
  std::optional<index_t> eos_token_id = std::nullopt;
  std::optional<double> classifier_dropout = std::nullopt;
  bool is_decoder = false;
  bool add_cross_attention = false;
  bool use_cache = true;
  bool tie_word_embeddings = true;
  Json extra = Json::object();

  /// Reads config.json from a folder.
  /// @throws FormatError naming the file, the key and the expected value
  /// @throws IoError if the file cannot be read
  static BertConfig from_pretrained(const std::filesystem::path& folder) { return read(folder / "config.json"); }

  /// Reads a config from a file of any name. @throws FormatError, IoError as from_pretrained
  static BertConfig read(const std::filesystem::path& path) { return from_json(Json::read(path), path.string()); }

  /// Reads a config from JSON. `source` names the file in error messages. @throws FormatError
  static BertConfig from_json(const Json& json, const std::string& source) {
    core::check<FormatError>(json.is_object(), source, ": expected a JSON object");
    BertConfig config;
    for (const Json::Member& member : json.as_object()) {
      bool known = false;
      try {
        for_each_field(config, [&](std::string_view key, auto& field) {
          if (key != member.first) return;
          get(member.second, field);
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

  /// Returns all fields and `extra`, with sorted keys, as transformers writes them for a model of the class
  /// `architecture`.
  Json to_json(const std::string& architecture, const std::string& dtype) const {
    Json json = extra;
    for_each_field(*this, [&](std::string_view key, const auto& field) { json[key] = put(field); });
    json["architectures"] = Json(Json::Array{Json(architecture)});
    json["dtype"] = dtype;
    json["model_type"] = "bert";
    if (json.find("transformers_version") == nullptr) json["transformers_version"] = "5.23.0";
    json.sort_keys();
    return json;
  }

  /// Checks all fields. @throws ValueError naming the first invalid field
  void validate() const {
    const std::pair<std::string_view, index_t> sizes[] = {{"vocab_size", vocab_size},
                                                          {"hidden_size", hidden_size},
                                                          {"num_attention_heads", num_attention_heads},
                                                          {"intermediate_size", intermediate_size},
                                                          {"max_position_embeddings", max_position_embeddings},
                                                          {"type_vocab_size", type_vocab_size}};
    for (const auto& [name, size] : sizes)
      core::check<ValueError>(size > 0 && size <= kMaxSize, name, " is ", size, ", expected 1 to ", kMaxSize);
    core::check<ValueError>(num_hidden_layers >= 0 && num_hidden_layers <= 10000, "num_hidden_layers is ",
                            num_hidden_layers, ", expected 0 to 10000");
    core::check<ValueError>(hidden_size % num_attention_heads == 0, "hidden_size ", hidden_size,
                            " is not a multiple of num_attention_heads ", num_attention_heads);
    static_cast<void>(activation());
    const std::pair<std::string_view, double> rates[] = {{"hidden_dropout_prob", hidden_dropout_prob},
                                                         {"attention_probs_dropout_prob", attention_probs_dropout_prob},
                                                         {"classifier_dropout", classifier_dropout.value_or(0)}};
    for (const auto& [name, rate] : rates)
      core::check<ValueError>(rate >= 0 && rate < 1, name, " is ", rate, ", expected at least 0 and less than 1");
    core::check<ValueError>(initializer_range >= 0, "initializer_range is ", initializer_range,
                            ", expected at least 0");
    core::check<ValueError>(layer_norm_eps > 0, "layer_norm_eps is ", layer_norm_eps, ", expected more than 0");
    core::check<ValueError>(!pad_token_id || (*pad_token_id >= 0 && *pad_token_id < vocab_size), "pad_token_id is ",
                            pad_token_id.value_or(0), ", expected an id below vocab_size ", vocab_size);
    core::check<ValueError>(!is_decoder && !add_cross_attention,
                            "is_decoder or add_cross_attention is true, expected false: only encoders are supported");
    const Json* position = extra.find("position_embedding_type");
    core::check<ValueError>(position == nullptr || (position->is_string() && position->as_string() == "absolute"),
                            "position_embedding_type is ", position == nullptr ? "" : position->dump(),
                            ", expected \"absolute\"");
  }

  /// Returns the activation that hidden_act names. @throws ValueError listing the supported names, if it is another
  Activation activation() const {
    if (hidden_act == "gelu") return Activation::gelu;
    if (hidden_act == "gelu_new" || hidden_act == "gelu_pytorch_tanh") return Activation::gelu_tanh;
    if (hidden_act == "relu") return Activation::relu;
    if (hidden_act == "silu" || hidden_act == "swish") return Activation::silu;
    if (hidden_act == "tanh") return Activation::tanh;
    core::raise<ValueError>("hidden_act is '", hidden_act,
                            "', expected gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish or tanh");
  }

 private:
  static constexpr index_t kMaxSize = index_t{1} << 28;  // the product of two sizes still fits in index_t

  template <class Config, class F>
  static void for_each_field(Config& c, F f) {
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

  static void get(const Json& json, index_t& field) { field = json.as_integer(); }
  static void get(const Json& json, double& field) { field = json.as_number(); }
  static void get(const Json& json, bool& field) { field = json.as_bool(); }
  static void get(const Json& json, std::string& field) { field = json.as_string(); }
  template <class U>
  static void get(const Json& json, std::optional<U>& field) {
    if (json.is_null())
      field.reset();
    else
      get(json, field.emplace());
  }

  template <class U>
  static Json put(const U& field) {
    return Json(field);
  }
  template <class U>
  static Json put(const std::optional<U>& field) {
    return field ? Json(*field) : Json();
  }
};

}  // namespace minibert
