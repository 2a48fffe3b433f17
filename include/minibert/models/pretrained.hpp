// Models to and from Hugging Face's folders: config.json and model.safetensors.
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

/// What did not match between a model and a file, as transformers' output_loading_info.
struct LoadingInfo {
  std::vector<std::string> missing_keys;     ///< parameters that the file has not: freshly drawn
  std::vector<std::string> unexpected_keys;  ///< tensors of the file that the model has no use for
};

/// True if the folder's file holds a tensor for the parameter of that name. @throws IoError, FormatError
inline bool has_pretrained(const std::filesystem::path& folder, const std::string& name) {
  return models::detail::CheckpointTensors(folder).take(name) != nullptr;
}

/// Sets a model's parameters from the folder's model.safetensors (or its shards). Names are accepted with and without
/// "bert.", and as older files have them (LayerNorm.gamma, LayerNorm.beta, decoder.bias).
/// @throws IoError; FormatError for a damaged file, another shape, a decoder that is not tied where the config ties it,
/// and, unless `info` takes the list, for parameters that the file has not.
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

/// Writes config.json and model.safetensors, each as a whole; makes the folder. @throws IoError
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
