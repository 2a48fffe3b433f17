// Definitions of models/detail/checkpoint_tensors.hpp.
#pragma once

#include <cstring>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/model_folder.hpp>
#include <minibert/models/detail/checkpoint_tensors.hpp>
#include <minibert/models/detail/other_weights.hpp>

namespace minibert::models::detail {

MINIBERT_INLINE CheckpointTensors::CheckpointTensors(const std::filesystem::path& folder) {
  io::check_model_folder(folder, "model.safetensors");
  const std::filesystem::path whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (io::path_exists(whole)) {
    source_ = whole.string();
    open(whole);
  } else if (io::path_exists(index)) {
    source_ = index.string();
    open_shards(folder, Json::read(index));
  } else {
    raise_no_safetensors(folder);
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
  for (const SafetensorsEntry& entry : reader.entries()) {
    const auto [found, is_new] = tensors_.insert({entry.name, {&reader, &entry}});
    core::check<FormatError>(is_new, source_, ": expected the tensor ", entry.name, " in one shard, found it in ",
                             found->second.reader->path(), " and in ", reader.path());
  }
}

MINIBERT_INLINE std::map<std::string, std::vector<std::string>> CheckpointTensors::shards_in(const Json& index) const {
  std::map<std::string, std::vector<std::string>> shards;
  try {
    for (const auto& [name, file] : index.at("weight_map").as_object()) {
      core::check<FormatError>(file.is_string(), name, ": expected the name of a shard, found ", file.dump());
      shards[file.as_string()].push_back(name);
    }
  } catch (const FormatError& error) {
    core::raise<FormatError>(source_, ": weight_map: ", error.what());
  }
  core::check<FormatError>(!shards.empty(), source_, ": weight_map is empty, expected the names of the tensors");
  for (const auto& [file, names] : shards)
    core::check<FormatError>(file.ends_with(".safetensors") && std::filesystem::path(file).filename() == file &&
                                 file.find('\0') == file.npos,
                             source_, ": ", names.front(), ": the shard is ", Json(file).dump(),
                             ", expected the name of a .safetensors file in the same folder");
  return shards;
}

MINIBERT_INLINE void CheckpointTensors::open_shards(const std::filesystem::path& folder, const Json& index) {
  const auto shards = shards_in(index);
  for (const auto& [file, names] : shards)
    core::check<IoError>(io::path_exists(folder / file), source_, ": the shard ", file, " with ", names.size(),
                         " of the tensors is missing; copy or download it into the same folder");
  for (const auto& [file, names] : shards) {
    open(folder / file);
    for (const std::string& name : names) {
      const auto found = tensors_.find(name);
      core::check<FormatError>(found != tensors_.end() && found->second.reader == &readers_.back(), source_,
                               ": expected the tensor ", name, " in ", file, ", which does not contain it");
    }
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
