// Loads and saves models as folders in Hugging Face's format: config.json and model.safetensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/nn/module.hpp>

namespace minibert {

/// The mismatches between a model and a file from which it was loaded, as in transformers' output_loading_info.
struct LoadingInfo {
  std::vector<std::string> missing_keys;     ///< parameters that the file lacks; they were initialized randomly
  std::vector<std::string> unexpected_keys;  ///< tensors in the file that the model does not have
};

/// Returns true if the folder's weights contain the parameter `name`.
/// @throws IoError if a file cannot be read; FormatError if a file is invalid
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
/// @throws FormatError if a file is damaged or a tensor has a wrong shape
/// @throws FormatError if the config ties the decoder to the word embeddings, but the file has a decoder with other
/// values
/// @throws FormatError if parameters are missing and `info` is null (otherwise `info` lists them)
/// @throws IoError if a file cannot be read
template <class Model>
void load_pretrained(Model& model, const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
  using T = typename Model::value_type;
  models::detail::load_pretrained<T>(model, model.config(), Model::kArchitecture, folder, info);
}

/// Writes config.json and model.safetensors, each atomically. Creates the folder if it is missing.
/// @throws IoError if a file cannot be written
template <class Model>
void save_pretrained(const Model& model, const std::filesystem::path& folder) {
  using T = typename Model::value_type;
  models::detail::save_pretrained<T>(model, model.config(), Model::kArchitecture, folder);
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/pretrained.ipp>
#endif
