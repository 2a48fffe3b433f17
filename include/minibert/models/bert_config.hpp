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
#include <minibert/io/json.hpp>
#include <minibert/ops/activation.hpp>

namespace minibert {

/// The settings of a BERT model, with the names and defaults of transformers' BertConfig. `extra` keeps the other keys
/// of a config.json.
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
  /// @throws IoError if the folder or the file does not exist or cannot be read
  static BertConfig from_pretrained(const std::filesystem::path& folder);

  /// Reads a config from a file of any name, or from the config.json of a folder. @throws as from_pretrained()
  static BertConfig read(const std::filesystem::path& path);

  /// Reads a config from JSON. `source` names the file in error messages. @throws FormatError as from_pretrained()
  static BertConfig from_json(const Json& json, const std::string& source);

  /// Returns all fields and `extra`, with sorted keys, as transformers writes them. `architecture` is the name of the
  /// model's class, such as "BertModel". `dtype` is the type of the weights, such as "float32".
  Json to_json(const std::string& architecture, const std::string& dtype) const;

  /// Checks all fields. @throws ValueError naming the first invalid field
  void validate() const;

  /// Returns the activation that hidden_act names.
  /// @throws ValueError listing the supported names, if hidden_act is none of them
  Activation activation() const;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/bert_config.ipp>
#endif
