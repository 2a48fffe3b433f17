// Callbacks: what a user hangs into the training loop.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/trainer_state.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

/// What the last optimizer step was like.
struct StepResult {
  double loss = 0;       ///< mean over the step's items
  double grad_norm = 0;  ///< before clipping
  double learning_rate = 0;
  index_t num_items = 0, num_tokens = 0, num_examples = 0;
};

/// What a callback sees, and where it may ask for something.
struct TrainerContext {
  const TrainingArguments& args;
  const TrainerState& state;
  const StepResult& last_step;
  TrainerControl& control;
};

/// Override what you need. Callbacks run in the order in which they were added.
class TrainerCallback {
 public:
  virtual ~TrainerCallback() = default;

  virtual void on_train_begin(TrainerContext) {}
  virtual void on_step_end(TrainerContext) {}
  /// After an evaluation and before its metric is compared with the best so far.
  virtual void on_evaluate(TrainerContext, const Json& /*metrics*/) {}
  /// With every entry of the log.
  virtual void on_log(TrainerContext, const Json& /*entry*/) {}
  virtual void on_save(TrainerContext, const std::filesystem::path& /*checkpoint*/) {}
  virtual void on_train_end(TrainerContext) {}

  /// The name under which state() is kept in checkpoints; empty for a callback without state.
  virtual std::string name() const { return {}; }
  /// {"args": …, "attributes": …}, as transformers keeps it.
  virtual Json state() const { return Json(); }
  virtual void load_state(const Json& /*state*/) {}
};

}  // namespace minibert
