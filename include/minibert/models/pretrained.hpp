// Loads models from, and saves them to, folders in Hugging Face's format: config.json and model.safetensors.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <minibert/io/file.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/models/detail/checkpoint_tensors.hpp>
#include <minibert/nn/module.hpp>

namespace minibert {

/// Lists the mismatches between a model and its file, as transformers' output_loading_info.
struct LoadingInfo {
  std::vector<std::string> missing_keys;     ///< parameters missing in the file, which were initialized randomly
  std::vector<std::string> unexpected_keys;  ///< tensors in the file that are no parameters of the model
};

/// Returns true if the folder's weights contain the parameter `name`. @throws IoError, FormatError
inline bool has_pretrained(const std::filesystem::path& folder, const std::string& name) {
  return models::detail::CheckpointTensors(folder).take(name) != nullptr;
}

/// Sets a model's parameters from the folder's model.safetensors or its shards. Accepts names with and without "bert.",
/// and the names of older files (LayerNorm.gamma, LayerNorm.beta, decoder.bias).
/// @throws FormatError for a damaged file, a wrong shape, or a separate decoder although the config ties the weights;
/// also for missing parameters, unless `info` is given to list them
/// @throws IoError if a file cannot be read
template <class Model>
void load_pretrained(Model& model, const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
  models::detail::CheckpointTensors tensors(folder);
  LoadingInfo found;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const models::detail::CheckpointTensor* tensor = tensors.take(name);
    if (tensor == nullptr) {
      model.init_parameter(*parameter, {.standard_deviation = model.config().initializer_range});
      found.missing_keys.push_back(name);
      continue;
    }
    tensor->reader->read(*tensor->entry, parameter->shape, parameter->data);
  }
  if (model.config().tie_word_embeddings) tensors.check_tied_decoder();
  found.unexpected_keys = tensors.left_over();
  if (info != nullptr) {
    *info = std::move(found);
    return;
  }
  core::check<FormatError>(found.missing_keys.empty(), tensors.source(), ": ", found.missing_keys.size(), " of ",
                           model.parameters().size(), " tensors of ", Model::kArchitecture,
                           " are missing, the first is ", found.missing_keys.empty() ? "" : found.missing_keys.front());
}

/// Writes config.json and model.safetensors, each atomically. Creates the folder. @throws IoError
template <class Model>
void save_pretrained(const Model& model, const std::filesystem::path& folder) {
  using T = typename Model::value_type;
  io::make_directories(folder);
  std::vector<SafetensorsTensor<T>> tensors;
  for (const auto& [name, parameter] : model.named_parameters())
    tensors.push_back({name, parameter->shape.sizes(), parameter->data});
  write_safetensors(folder / "model.safetensors", std::move(tensors));
  const char* dtype = std::is_same_v<T, float> ? "float32" : "float64";
  io::write_file(folder / "config.json", model.config().to_json(Model::kArchitecture, dtype).dump(2) + "\n");
}

}  // namespace minibert
