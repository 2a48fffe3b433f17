// Callbacks: user code that the training loop calls.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/trainer_state.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

/// The result of one optimizer step.
struct StepResult {
  double loss = 0;       ///< mean over the step's items
  double grad_norm = 0;  ///< L2 norm of all gradients, before clipping
  double learning_rate = 0;
  index_t num_items = 0, num_tokens = 0, num_examples = 0;
};

/// The trainer's state, as passed to callbacks. Callbacks may set flags in `control`.
struct TrainerContext {
  const TrainingArguments& args;
  const TrainerState& state;
  const StepResult& last_step;
  TrainerControl& control;
};

/// Base class of callbacks. Override the functions of the events you need. Callbacks run in the order in which they
/// were added.
class TrainerCallback {
 public:
  virtual ~TrainerCallback() = default;

  virtual void on_train_begin(TrainerContext) {}
  virtual void on_step_end(TrainerContext) {}
  /// Runs after an evaluation. state.best_metric does not yet include this evaluation.
  virtual void on_evaluate(TrainerContext, const Json& /*metrics*/) {}
  /// Runs for every entry of the log, except the entries "start" and "resume" at the beginning of train().
  virtual void on_log(TrainerContext, const Json& /*entry*/) {}
  virtual void on_save(TrainerContext, const std::filesystem::path& /*checkpoint*/) {}
  virtual void on_train_end(TrainerContext) {}

  /// Returns the name under which checkpoints contain state(). Returns an empty string for a callback without state.
  virtual std::string name() const { return {}; }
  /// Returns the state that this callback needs in a resumed run, in transformers' format:
  /// {"args": …, "attributes": …}.
  virtual Json state() const { return Json(); }
  virtual void load_state(const Json& /*state*/) {}
};

}  // namespace minibert
