// The output folder: never overwritten by accident.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

inline constexpr const char* kTrainingLogName = "train_log.jsonl";
inline constexpr const char* kTrainerStateName = "trainer_state.json";

/// ValueError when output_dir holds something and the arguments ask neither to resume nor to overwrite. Good to call
/// before any long work; Trainer::train() does too.
inline void check_output_dir(const TrainingArguments& args) {
  if (args.resume_from_checkpoint || args.overwrite_output_dir || !io::path_exists(args.output_dir)) return;
  for (const std::filesystem::path& entry : io::list_folder(args.output_dir))
    core::check<ValueError>(entry.filename().string().starts_with("."), "output_dir ", args.output_dir.string(),
                            " is in use (it holds ", entry.filename().string(),
                            "): set resume_from_checkpoint to go on, or overwrite_output_dir to start afresh");
}

/// Makes the folder ready for training: checked, made, without leftovers, and without an older run's checkpoints and
/// log if it is to be overwritten.
inline void prepare_output_dir(const TrainingArguments& args) {
  check_output_dir(args);
  io::make_directories(args.output_dir);
  remove_leftovers(args.output_dir);
  if (args.resume_from_checkpoint || !args.overwrite_output_dir) return;
  for (const std::filesystem::path& entry : io::list_folder(args.output_dir))
    if (checkpoint_step(entry)) io::remove_tree(entry);
  io::remove_tree(args.output_dir / kTrainerStateName);
  io::remove_tree(args.output_dir / kTrainingLogName);
}

}  // namespace minibert
