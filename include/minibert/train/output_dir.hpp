// Checks and prepares the output folder, which is never overwritten by accident.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

inline constexpr const char* kTrainingLogName = "train_log.jsonl";
inline constexpr const char* kTrainerStateName = "trainer_state.json";

/// Checks that training may write to output_dir. Trainer::train() calls it too; call it yourself before other long
/// work.
/// @throws ValueError if output_dir is not empty, and neither resume_from_checkpoint nor overwrite_output_dir is set
void check_output_dir(const TrainingArguments& args);

/// Prepares the folder for training: checks it, creates it and removes half-written checkpoints. With
/// overwrite_output_dir, also removes an older run's checkpoints and log.
void prepare_output_dir(const TrainingArguments& args);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/output_dir.ipp>
#endif
