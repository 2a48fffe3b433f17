// Finds the tensors of a checkpoint folder by the names of a model's parameters.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/io/json.hpp>
#include <minibert/io/safetensors.hpp>

namespace minibert::models::detail {

/// A tensor and the reader of the file that contains the tensor.
struct CheckpointTensor {
  const SafetensorsReader* reader;
  const SafetensorsEntry* entry;
  bool taken = false;
};

/// The tensors of model.safetensors, or of the shards listed in model.safetensors.index.json.
class CheckpointTensors {
 public:
  /// @throws IoError if a file is missing or cannot be read; FormatError if a file is invalid, or if the folder has
  /// only weights in another format, such as pytorch_model.bin
  explicit CheckpointTensors(const std::filesystem::path& folder);

  const std::string& source() const noexcept { return source_; }

  /// Finds the tensor of the parameter `name`, also under the variants of the name that published files use. Marks the
  /// tensor as taken and returns it. Returns nullptr if there is no such tensor.
  const CheckpointTensor* take(const std::string& name);

  /// Some files contain the decoder, although it is tied to the word embeddings. Marks its tensors as taken.
  /// @throws FormatError if its values differ from the word embeddings, or its bias from cls.predictions.bias
  void check_tied_decoder();

  /// Returns the names of the tensors that were not taken. Leaves out position_ids and token_type_ids: buffers that
  /// older versions of transformers wrote.
  std::vector<std::string> left_over() const;

 private:
  void open(const std::filesystem::path& file);

  /// Returns the names of the tensors that each shard should contain. @throws FormatError if the index is invalid
  std::map<std::string, std::vector<std::string>> shards_in(const Json& index) const;

  void open_shards(const std::filesystem::path& folder, const Json& index);

  /// Returns the names that files use for the parameter `name`, beginning with `name` itself.
  static std::vector<std::string> names_of(const std::string& name);

  std::string source_;
  std::deque<SafetensorsReader> readers_;
  std::map<std::string, CheckpointTensor> tensors_;
};

}  // namespace minibert::models::detail

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/checkpoint_tensors.ipp>
#endif
