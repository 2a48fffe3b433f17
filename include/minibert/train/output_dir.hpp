// Checks, locks and prepares the output folder, so that no older run is overwritten by accident.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

inline constexpr const char* kTrainingLogName = "train_log.jsonl";
inline constexpr const char* kTrainerStateName = "trainer_state.json";

/// Returns the checkpoint that a run with these arguments resumes from, or nullopt if it starts at step 0. Changes
/// nothing.
/// @throws ValueError if resume_from_checkpoint is a path that neither is nor contains a checkpoint of this library
/// @throws ValueError if resume_from_checkpoint is an empty path, output_dir contains files but no checkpoint, and
/// overwrite_output_dir is not set. Hidden files and the log of a run that ended before its first checkpoint do not
/// count.
std::optional<std::filesystem::path> checkpoint_to_resume(const TrainingArguments& args);

/// Checks that training may write to output_dir. Trainer::train() does this check, too. Call this function before long
/// preparations, so that an error shows early. Changes nothing.
/// @throws ValueError as checkpoint_to_resume(), or if another process trains into output_dir
/// @throws ValueError if output_dir contains files that are not hidden, the run does not resume from a checkpoint in
/// output_dir, and overwrite_output_dir is not set
/// @throws IoError if files cannot be created in output_dir
void check_output_dir(const TrainingArguments& args);

/// Prepares output_dir for training. Checks its contents as check_output_dir(), creates the folder and removes
/// half-written checkpoints. With overwrite_output_dir, also removes the checkpoints, the state and the log of an older
/// run, unless the run resumes from one of these checkpoints. Call this only while holding an OutputDirLock.
void prepare_output_dir(const TrainingArguments& args);

/// Checks that the disk has room for the checkpoints. A checkpoint takes at least `bytes` bytes, and the run writes
/// `count` checkpoints. With save_total_limit, at most save_total_limit + 1 of them need room at once, because a new
/// one is written before an old one is removed. Checkpoints that already exist need no more room, because they are
/// replaced.
/// @throws ValueError if there is certainly too little room
void check_disk_space(const TrainingArguments& args, double bytes, index_t count);

/// Locks an output folder as long as the object exists, so that only one process at a time writes there. Creates the
/// folder if it does not exist. The system releases the lock when the process ends, even if it is killed.
class OutputDirLock {
 public:
  /// If the file system does not support locks, calls `notice` and does not lock the folder.
  /// @throws ValueError naming the process that holds the lock
  /// @throws IoError if the lock file cannot be created
  OutputDirLock(const std::filesystem::path& folder, const std::function<void(std::string_view)>& notice);
  OutputDirLock(const OutputDirLock&) = delete;
  OutputDirLock& operator=(const OutputDirLock&) = delete;
  ~OutputDirLock();

 private:
  std::filesystem::path path_;
  io::FileDescriptor file_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/output_dir.ipp>
#endif
