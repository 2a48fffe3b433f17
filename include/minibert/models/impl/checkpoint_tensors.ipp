// Definitions of models/detail/checkpoint_tensors.hpp.
#pragma once

#include <cstring>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/models/detail/checkpoint_tensors.hpp>

namespace minibert::models::detail {

MINIBERT_INLINE CheckpointTensors::CheckpointTensors(const std::filesystem::path& folder) {
  const std::filesystem::path whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (!io::path_exists(whole) && io::path_exists(index)) {
    source_ = index.string();
    open_shards(folder, Json::read(index));
  } else {
    core::check<FormatError>(io::path_exists(whole) || !io::path_exists(folder / "pytorch_model.bin"), folder.string(),
                             " holds pytorch_model.bin but no model.safetensors; convert it with: python -c \"",
                             "from transformers import AutoModel; AutoModel.from_pretrained('", folder.string(),
                             "').save_pretrained('", folder.string(), "')\"");
    source_ = whole.string();
    open(whole);
  }
}

MINIBERT_INLINE const CheckpointTensor* CheckpointTensors::take(const std::string& name) {
  for (const std::string& candidate : names_of(name)) {
    const auto found = tensors_.find(candidate);
    if (found == tensors_.end()) continue;
    found->second.taken = true;
    return &found->second;
  }
  return nullptr;
}

MINIBERT_INLINE void CheckpointTensors::check_tied_decoder() {
  const std::pair<const char*, const char*> pairs[] = {
      {"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"},
      {"cls.predictions.decoder.bias", "cls.predictions.bias"}};
  for (const auto& [copy, original] : pairs) {
    const auto found = tensors_.find(copy);
    if (found == tensors_.end() || found->second.taken) continue;
    const CheckpointTensor* tied = take(original);
    if (tied == nullptr) continue;
    core::check<FormatError>(found->second.entry->bytes == tied->entry->bytes, source_, ": ", copy, " differs from ",
                             original, ", but config.json has tie_word_embeddings true; set it to false to load both");
    found->second.taken = true;
  }
}

MINIBERT_INLINE std::vector<std::string> CheckpointTensors::left_over() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_)
    if (!tensor.taken && !name.ends_with("embeddings.position_ids") && !name.ends_with("embeddings.token_type_ids"))
      names.push_back(name);
  return names;
}

MINIBERT_INLINE void CheckpointTensors::open(const std::filesystem::path& file) {
  const SafetensorsReader& reader = readers_.emplace_back(file);
  for (const SafetensorsEntry& entry : reader.entries()) tensors_[entry.name] = {&reader, &entry};
}

MINIBERT_INLINE void CheckpointTensors::open_shards(const std::filesystem::path& folder, const Json& index) {
  std::map<std::string, std::vector<std::string>> shards;
  for (const Json::Member& member : index.at("weight_map").as_object())
    shards[member.second.as_string()].push_back(member.first);
  for (const auto& [file, names] : shards) {
    core::check<FormatError>(std::filesystem::path(file).filename() == file, source_, ": the shard '", file,
                             "' is not a file name, expected a file in the same folder");
    open(folder / file);
    for (const std::string& name : names)
      core::check<FormatError>(tensors_.count(name) == 1, source_, ": expected the tensor ", name, " in ", file,
                               ", which does not contain it");
  }
}

MINIBERT_INLINE std::vector<std::string> CheckpointTensors::names_of(const std::string& name) {
  std::vector<std::string> names{name};
  if (name == "cls.predictions.bias") names.push_back("cls.predictions.decoder.bias");
  for (const auto& [current, older] :
       {std::pair{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}})
    if (name.ends_with(current)) names.push_back(name.substr(0, name.size() - std::strlen(current)) + older);
  const std::size_t count = names.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool prefixed = names[i].starts_with("bert.");
    names.push_back(prefixed ? names[i].substr(5) : "bert." + names[i]);
  }
  return names;
}

}  // namespace minibert::models::detail
