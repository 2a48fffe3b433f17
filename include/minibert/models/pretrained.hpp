// Loads models from, and saves them to, folders in Hugging Face's format: config.json and model.safetensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/nn/module.hpp>

namespace minibert {

/// Lists the mismatches between a model and its file, as transformers' output_loading_info.
struct LoadingInfo {
  std::vector<std::string> missing_keys;     ///< parameters missing in the file, which were initialized randomly
  std::vector<std::string> unexpected_keys;  ///< tensors in the file that are no parameters of the model
};

/// Returns true if the folder's weights contain the parameter `name`. @throws IoError, FormatError
bool has_pretrained(const std::filesystem::path& folder, const std::string& name);

namespace models::detail {

template <class T>
void load_pretrained(nn::Module<T>& module, const BertConfig& config, const char* architecture,
                     const std::filesystem::path& folder, LoadingInfo* info);
template <class T>
void save_pretrained(const nn::Module<T>& module, const BertConfig& config, const char* architecture,
                     const std::filesystem::path& folder);

}  // namespace models::detail

/// Sets a model's parameters from the folder's model.safetensors or its shards. Accepts names with and without "bert.",
/// and the names of older files (LayerNorm.gamma, LayerNorm.beta, decoder.bias).
/// @throws FormatError for a damaged file, a wrong shape, or a separate decoder although the config ties the weights;
/// also for missing parameters, unless `info` is given to list them
/// @throws IoError if a file cannot be read
template <class Model>
void load_pretrained(Model& model, const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
  using T = typename Model::value_type;
  models::detail::load_pretrained<T>(model, model.config(), Model::kArchitecture, folder, info);
}

/// Writes config.json and model.safetensors, each atomically. Creates the folder. @throws IoError
template <class Model>
void save_pretrained(const Model& model, const std::filesystem::path& folder) {
  using T = typename Model::value_type;
  models::detail::save_pretrained<T>(model, model.config(), Model::kArchitecture, folder);
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/pretrained.ipp>
#endif
