// Checkpoints: folders named checkpoint-<step>, written atomically. A manifest, checkpoint.json, contains the run's
// settings and a fingerprint of every file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/autograd/parameter.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

inline constexpr const char* kModelName = "model.safetensors";
inline constexpr const char* kOptimizerName = "optimizer.safetensors";

namespace train_detail {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";
inline constexpr const char* kManifestName = "checkpoint.json";

}  // namespace train_detail

std::filesystem::path checkpoint_path(const std::filesystem::path& output_dir, index_t step);

/// Returns the step in a checkpoint's name, or nullopt for any other name.
std::optional<index_t> checkpoint_step(const std::filesystem::path& path);

/// Returns true if the folder is a complete checkpoint.
bool is_checkpoint(const std::filesystem::path& path);

/// Returns the complete checkpoints in a folder, ordered by step. Returns none if the folder does not exist.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);

/// Returns `path` if it is a checkpoint, otherwise the newest checkpoint in it, or nullopt if there is none.
std::optional<std::filesystem::path> find_checkpoint(const std::filesystem::path& path);

/// Writes a checkpoint into a hidden folder, which commit() renames.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(std::filesystem::path path);

  /// Returns the folder to write the files to.
  const std::filesystem::path& folder() const noexcept { return folder_; }

  /// Adds the fingerprints of all files to the manifest, writes it, syncs everything to disk and renames the folder.
  /// Replaces an older folder of the same name.
  void commit(Json manifest);

 private:
  std::filesystem::path path_, folder_;
};

/// Verifies all files of a checkpoint and returns its manifest.
/// @throws FormatError naming a file that was changed
/// @throws IoError naming a file that is missing or cannot be read
Json read_checkpoint(const std::filesystem::path& path);

/// Removes the half-written and half-removed checkpoints that killed runs left in a folder.
void remove_leftovers(const std::filesystem::path& folder);

/// Removes all checkpoints except the newest `limit` and `best`. A limit of 0 keeps all.
void prune_checkpoints(const std::filesystem::path& folder, index_t limit, const std::optional<std::string>& best);

/// Reads the values of all parameters. @throws FormatError naming a tensor that is missing or has a wrong shape
template <class T>
void load_parameters(const std::filesystem::path& file, const std::vector<Parameter<T>*>& parameters);

/// Reads the values of all parameters from a checkpoint, and verifies only the model's file, which is read once.
/// @throws FormatError if the file is damaged, or as load_parameters()
template <class T>
void load_model(const std::filesystem::path& checkpoint, const std::vector<Parameter<T>*>& parameters);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/checkpoint.ipp>
#endif
