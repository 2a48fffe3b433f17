// Definitions of train/output_dir.hpp.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/output_dir.hpp>

namespace minibert {

MINIBERT_INLINE void check_output_dir(const TrainingArguments& args) {
  if (args.resume_from_checkpoint || args.overwrite_output_dir || !io::path_exists(args.output_dir)) return;
  for (const std::filesystem::path& entry : io::list_folder(args.output_dir))
    core::check<ValueError>(entry.filename().string().starts_with("."), "output_dir ", args.output_dir.string(),
                            " is not empty (it contains ", entry.filename().string(),
                            "): set resume_from_checkpoint to continue, or overwrite_output_dir to start again");
}

MINIBERT_INLINE void prepare_output_dir(const TrainingArguments& args) {
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
