// Checks and prepares the output folder, which is never overwritten by accident.
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

/// Checks that training may write to output_dir. Trainer::train() calls it too; call it yourself before other long
/// work.
/// @throws ValueError if output_dir is not empty, and neither resume_from_checkpoint nor overwrite_output_dir is set
inline void check_output_dir(const TrainingArguments& args) {
  if (args.resume_from_checkpoint || args.overwrite_output_dir || !io::path_exists(args.output_dir)) return;
  for (const std::filesystem::path& entry : io::list_folder(args.output_dir))
    core::check<ValueError>(entry.filename().string().starts_with("."), "output_dir ", args.output_dir.string(),
                            " is not empty (it contains ", entry.filename().string(),
                            "): set resume_from_checkpoint to continue, or overwrite_output_dir to start again");
}

/// Prepares the folder for training: checks it, creates it and removes half-written checkpoints. With
/// overwrite_output_dir, also removes an older run's checkpoints and log.
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
