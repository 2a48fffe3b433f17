// Finds the tensors of a checkpoint folder by the names of a model's parameters.
#pragma once

#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>
#include <minibert/io/safetensors.hpp>

namespace minibert::models::detail {

/// A tensor and the file that contains it.
struct CheckpointTensor {
  const SafetensorsReader* reader;
  const SafetensorsEntry* entry;
  bool taken = false;
};

/// The tensors of model.safetensors, or of the shards listed in model.safetensors.index.json.
class CheckpointTensors {
 public:
  /// @throws IoError, FormatError
  explicit CheckpointTensors(const std::filesystem::path& folder) {
    const std::filesystem::path whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
    if (!io::path_exists(whole) && io::path_exists(index)) {
      source_ = index.string();
      open_shards(folder, Json::read(index));
    } else {
      core::check<FormatError>(io::path_exists(whole) || !io::path_exists(folder / "pytorch_model.bin"),
                               folder.string(),
                               " holds pytorch_model.bin but no model.safetensors; convert it with: python -c \"",
                               "from transformers import AutoModel; AutoModel.from_pretrained('", folder.string(),
                               "').save_pretrained('", folder.string(), "')\"");
      source_ = whole.string();
      open(whole);
    }
  }

  const std::string& source() const noexcept { return source_; }

  /// Returns the tensor of the parameter `name` and marks it as taken; nullptr if there is none. Also accepts the
  /// variants of the name that published files use.
  const CheckpointTensor* take(const std::string& name) {
    for (const std::string& candidate : names_of(name)) {
      const auto found = tensors_.find(candidate);
      if (found == tensors_.end()) continue;
      found->second.taken = true;
      return &found->second;
    }
    return nullptr;
  }

  /// Marks a decoder that repeats the tied weights as taken. @throws FormatError if the decoder's values differ
  void check_tied_decoder() {
    const std::pair<const char*, const char*> pairs[] = {
        {"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"},
        {"cls.predictions.decoder.bias", "cls.predictions.bias"}};
    for (const auto& [copy, original] : pairs) {
      const auto found = tensors_.find(copy);
      if (found == tensors_.end() || found->second.taken) continue;
      const CheckpointTensor* tied = take(original);
      if (tied == nullptr) continue;
      core::check<FormatError>(found->second.entry->bytes == tied->entry->bytes, source_, ": ", copy, " differs from ",
                               original, ", but config.json has tie_word_embeddings true");
      found->second.taken = true;
    }
  }

  /// Returns the names of the tensors that were not taken, except buffers that older versions of transformers wrote.
  std::vector<std::string> left_over() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_)
      if (!tensor.taken && !name.ends_with("embeddings.position_ids") && !name.ends_with("embeddings.token_type_ids"))
        names.push_back(name);
    return names;
  }

 private:
  void open(const std::filesystem::path& file) {
    const SafetensorsReader& reader = readers_.emplace_back(file);
    for (const SafetensorsEntry& entry : reader.entries()) tensors_[entry.name] = {&reader, &entry};
  }

  void open_shards(const std::filesystem::path& folder, const Json& index) {
    std::map<std::string, std::vector<std::string>> shards;
    for (const Json::Member& member : index.at("weight_map").as_object())
      shards[member.second.as_string()].push_back(member.first);
    for (const auto& [file, names] : shards) {
      core::check<FormatError>(std::filesystem::path(file).filename() == file, source_, ": the shard '", file,
                               "' is not a file name, expected a file in the same folder");
      open(folder / file);
      for (const std::string& name : names)
        core::check<FormatError>(tensors_.count(name) == 1, source_, ": ", name, " is not in ", file);
    }
  }

  /// Returns the names that files use for a parameter, the current name first.
  static std::vector<std::string> names_of(const std::string& name) {
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

  std::string source_;
  std::deque<SafetensorsReader> readers_;
  std::map<std::string, CheckpointTensor> tensors_;
};

}  // namespace minibert::models::detail
