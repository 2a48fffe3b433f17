// Definitions of models/pretrained.hpp.
#pragma once

#include <type_traits>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/models/detail/checkpoint_tensors.hpp>
#include <minibert/models/pretrained.hpp>

namespace minibert {

MINIBERT_INLINE bool has_pretrained(const std::filesystem::path& folder, const std::string& name) {
  return models::detail::CheckpointTensors(folder).take(name) != nullptr;
}

namespace models::detail {

template <class T>
void load_pretrained(nn::Module<T>& module, const BertConfig& config, const char* architecture,
                     const std::filesystem::path& folder, LoadingInfo* info) {
  CheckpointTensors tensors(folder);
  LoadingInfo found;
  for (const auto& [name, parameter] : module.named_parameters()) {
    const CheckpointTensor* tensor = tensors.take(name);
    if (tensor == nullptr) {
      module.init_parameter(*parameter, {.standard_deviation = config.initializer_range});
      found.missing_keys.push_back(name);
      continue;
    }
    tensor->reader->read(*tensor->entry, parameter->shape, parameter->data);
  }
  if (config.tie_word_embeddings) tensors.check_tied_decoder();
  found.unexpected_keys = tensors.left_over();
  if (info != nullptr) {
    *info = std::move(found);
    return;
  }
  core::check<FormatError>(found.missing_keys.empty(), tensors.source(), ": ", found.missing_keys.size(), " of ",
                           module.parameters().size(), " tensors of ", architecture, " are missing; the first is ",
                           found.missing_keys.empty() ? "" : found.missing_keys.front(),
                           "; pass a LoadingInfo to initialize them");
}

template <class T>
void save_pretrained(const nn::Module<T>& module, const BertConfig& config, const char* architecture,
                     const std::filesystem::path& folder) {
  io::make_directories(folder);
  std::vector<SafetensorsTensor<T>> tensors;
  for (const auto& [name, parameter] : module.named_parameters())
    tensors.push_back({name, parameter->shape.sizes(), parameter->data});
  write_safetensors(folder / "model.safetensors", std::move(tensors));
  const char* dtype = std::is_same_v<T, float> ? "float32" : "float64";
  io::write_file(folder / "config.json", config.to_json(architecture, dtype).dump(2) + "\n");
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                  \
  template void load_pretrained(nn::Module<T>& module, const BertConfig& config, const char* architecture,       \
                                const std::filesystem::path& folder, LoadingInfo* info);                         \
  template void save_pretrained(const nn::Module<T>& module, const BertConfig& config, const char* architecture, \
                                const std::filesystem::path& folder);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace models::detail

}  // namespace minibert
