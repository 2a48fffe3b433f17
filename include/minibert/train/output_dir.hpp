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
/// @throws ValueError if resume_from_checkpoint names a path that is no checkpoint of this library and contains none;
/// or if resume_from_checkpoint is empty, output_dir contains no checkpoint, but other files than those of a run that
/// ended before its first checkpoint, and overwrite_output_dir is not set
std::optional<std::filesystem::path> checkpoint_to_resume(const TrainingArguments& args);

/// Checks that training may write to output_dir. Trainer::train() does this check, too. Call this function before long
/// preparations, so that an error shows early. Changes nothing.
/// @throws ValueError as checkpoint_to_resume(); also, unless overwrite_output_dir is set, if output_dir contains files
/// that are not hidden and the run does not resume from a checkpoint in output_dir; or if another process trains into
/// it
/// @throws IoError if files cannot be created in output_dir
void check_output_dir(const TrainingArguments& args);

/// Prepares output_dir for training. Checks its contents as check_output_dir(), creates the folder and removes
/// half-written checkpoints. With overwrite_output_dir, also removes the checkpoints, the state and the log of an older
/// run, unless the run resumes from one of these checkpoints. Call this only while holding an OutputDirLock.
void prepare_output_dir(const TrainingArguments& args);

/// Checks that the disk has room for the checkpoints that exist at once: save_total_limit, and the one being written.
/// Checkpoints that exist already are counted as room. bytes: of one checkpoint, at least; count: of all checkpoints
/// that the run writes. @throws ValueError if there is surely too little room
void check_disk_space(const TrainingArguments& args, double bytes, index_t count);

/// Locks an output folder as long as the object exists, so that only one process at a time writes there. Creates the
/// folder if it does not exist. The system releases the lock when the process ends, even if it is killed.
class OutputDirLock {
 public:
  /// Calls `notice` if the file system has no locks; the folder is then not locked.
  /// @throws ValueError naming the process that holds the lock
  /// @throws IoError if the file of the lock cannot be created
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
