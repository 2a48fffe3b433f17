// Checkpoints: folders named checkpoint-<step>, written atomically. The manifest, checkpoint.json, contains the
// identity of the run (see run_identity.hpp), the sums of the losses, and a fingerprint of every other file.
#pragma once

#include <filesystem>
#include <limits>
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

/// Returns the step in the name of a checkpoint's folder, or nullopt if `path` has any other name.
std::optional<index_t> checkpoint_step(const std::filesystem::path& path);

/// Returns true if the folder is a complete checkpoint: it contains the manifest, which is written last.
bool is_checkpoint(const std::filesystem::path& path);

/// Returns the complete checkpoints in a folder, ordered by step. Returns none if the folder does not exist.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);

/// Returns `path` if it is a checkpoint. Otherwise returns the checkpoint of the highest step in the folder `path`, or
/// nullopt if there is none.
std::optional<std::filesystem::path> find_checkpoint(const std::filesystem::path& path);

/// Makes a hidden folder for the files of a checkpoint. commit() renames the folder to the checkpoint's name. The
/// destructor removes the hidden folder if commit() has not renamed it.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(std::filesystem::path path);
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();

  /// Returns the folder to write the files to.
  const std::filesystem::path& folder() const noexcept { return folder_; }

  /// Adds the fingerprints of all files to the manifest and writes the manifest. Syncs all files to disk, then renames
  /// the folder. Replaces an older folder of the same name.
  /// @throws IoError naming the file. Then either the older folder is unchanged, or the new folder is complete. If the
  /// new folder is still hidden, remove_leftovers() renames it.
  void commit(Json manifest);

 private:
  std::filesystem::path path_, folder_;
  bool committed_ = false;
};

/// Verifies all files of a checkpoint and returns its manifest.
/// @throws FormatError naming a file whose fingerprint differs from the manifest
/// @throws IoError naming a file that is missing or cannot be read
Json read_checkpoint(const std::filesystem::path& path);

/// Removes the half-written and half-removed checkpoints that killed runs left in a folder. If `recovers` is true, a
/// complete checkpoint whose name is still hidden gets its name instead. Call this only while no other process writes
/// to the folder.
void remove_leftovers(const std::filesystem::path& folder, bool recovers);

/// Removes checkpoints from a folder. Keeps the newest `limit` checkpoints and the checkpoint `best`. Compares only the
/// last component of the path `best`, because the folder may have been moved. A limit of 0 keeps all checkpoints.
/// Checkpoints of steps after `last_step` are neither removed nor counted.
void prune_checkpoints(const std::filesystem::path& folder, index_t limit, const std::optional<std::string>& best,
                       index_t last_step = std::numeric_limits<index_t>::max());

/// Reads the values of all parameters from a safetensors file.
/// @throws FormatError naming a tensor that is missing or has a wrong shape
template <class T>
void load_parameters(const std::filesystem::path& file, const std::vector<Parameter<T>*>& parameters);

/// Reads the values of all parameters from a checkpoint. Verifies the fingerprint of the model's file, but of no other
/// file. Reads the model's file once.
/// @throws FormatError if the model's file is damaged; otherwise as load_parameters()
template <class T>
void load_model(const std::filesystem::path& checkpoint, const std::vector<Parameter<T>*>& parameters);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/checkpoint.ipp>
#endif
