// Checks and prepares the output folder, so that no older run is overwritten by accident.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

inline constexpr const char* kTrainingLogName = "train_log.jsonl";
inline constexpr const char* kTrainerStateName = "trainer_state.json";

/// Checks that training may write to output_dir. Trainer::train() does this check, too. Call this function before long
/// preparations, so that an error shows early.
/// @throws ValueError if output_dir contains files that are not hidden, and neither resume_from_checkpoint nor
/// overwrite_output_dir is set
void check_output_dir(const TrainingArguments& args);

/// Prepares output_dir for training. Calls check_output_dir(), creates the folder and removes half-written checkpoints.
/// With overwrite_output_dir, also removes the checkpoints, the state and the log of an older run, unless
/// resume_from_checkpoint is set.
void prepare_output_dir(const TrainingArguments& args);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/output_dir.ipp>
#endif
