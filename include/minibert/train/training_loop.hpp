// TrainingLoop: runs steps, logs, evaluates and saves checkpoints. Does not depend on the types of model and data.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/optim/lr_scheduler.hpp>
#include <minibert/optim/optimizer.hpp>
#include <minibert/optim/parameter_chunks.hpp>
#include <minibert/train/callback.hpp>
#include <minibert/train/evaluation.hpp>
#include <minibert/train/loss_meter.hpp>
#include <minibert/train/loss_watch.hpp>
#include <minibert/train/output_dir.hpp>
#include <minibert/train/step_plan.hpp>
#include <minibert/train/train_output.hpp>
#include <minibert/train/trainer_state.hpp>
#include <minibert/train/training_arguments.hpp>
#include <minibert/train/training_log.hpp>

namespace minibert {

/// The part of Trainer that does not depend on the types of model and data. Trainer derives from this class and
/// implements the three private virtual functions. T is the element type of the parameters.
template <class T>
class TrainingLoop {
 public:
  TrainingLoop(const TrainingLoop&) = delete;
  TrainingLoop& operator=(const TrainingLoop&) = delete;
  virtual ~TrainingLoop();

  /// Identifies the data of a run by names and values of your choice, such as fingerprints of text and tokenizer.
  /// Checkpoints contain the provenance. A run with another provenance cannot resume from them.
  Json provenance = Json::object();
  /// If set, computes further metrics from the result of an evaluation. Returns an object of names and values. The
  /// trainer puts "eval_" before each name, or "test_" in predict().
  std::function<Json(const EvaluationResult&)> compute_loss_metrics;
  /// Receives messages for the user. The default prints them to standard error. May be empty.
  std::function<void(std::string_view)> notice;

  /// Makes the trainer save this tokenizer whenever it saves the model. The tokenizer must outlive the trainer.
  template <class Tokenizer>
  void set_tokenizer(const Tokenizer& tokenizer) {
    save_tokenizer_ = [&](const std::filesystem::path& folder) { tokenizer.save_pretrained(folder); };
  }
  /// Replaces the default optimizer, AdamW on Module::parameter_groups. The new optimizer must update the parameters of
  /// the trainer's model. A resumed run must set an optimizer with the same name(). The logged learning rate is still
  /// args().learning_rate times the schedule's factor.
  void set_optimizer(std::shared_ptr<optim::Optimizer<T>> optimizer);
  /// Replaces the schedule of lr_scheduler_type. The learning rate of step i, counted from 0, is the optimizer's
  /// learning rate times factor(i), as in PyTorch's LambdaLR. A resumed run must set the same function; the trainer
  /// checks only that one is set.
  void set_lr_lambda(std::function<double(index_t step)> factor);
  void add_callback(std::shared_ptr<TrainerCallback> callback);

  /// Trains from the start or from a checkpoint. Ends at the last step, when a callback stops training, or after a
  /// signal if there is an InterruptHandler. Locks output_dir until it returns or throws. After an exception, also one
  /// that a callback throws, the trainer can be used again.
  /// @throws ValueError as check_output_dir(), which includes that another process trains into output_dir; also if the
  /// checkpoint belongs to another run, if no step had an item to learn from, or if the disk is too small for the
  /// checkpoints
  /// @throws FormatError if the checkpoint is damaged
  /// @throws Error if the loss or the gradient is not finite. The message names the op that first produced a value that
  /// is not finite. The model then has its weights from before the step, and the newest checkpoint is kept.
  TrainOutput train();

  /// Evaluates the model on the evaluation dataset. Logs the metrics and returns them.
  /// @throws ValueError if there is no evaluation dataset, or if it has no item that counts for the loss
  Json evaluate();

  // The save functions below throw ValueError if another process trains into output_dir.
  /// Saves the model, and the tokenizer if one is set, to a folder, by default output_dir.
  void save_model(const std::filesystem::path& folder) const;
  void save_model() const { save_model(output_dir()); }
  /// Writes trainer_state.json to output_dir.
  void save_state() const;
  /// Writes metrics to output_dir/<split>_results.json.
  void save_metrics(std::string_view split, const Json& metrics) const;

  const TrainingArguments& args() const noexcept { return args_; }
  const TrainerState& state() const noexcept { return state_; }
  index_t num_training_steps() const noexcept { return plan_.max_steps(); }

 protected:
  /// lengths: of the training examples. can_evaluate: true if there is an evaluation dataset. parameters: all
  /// parameters of the model. groups: the parameter groups of the default optimizer.
  /// @throws ValueError if an argument is out of range
  TrainingLoop(TrainingArguments args, const ExampleLengths& lengths, bool can_evaluate,
               const std::vector<Parameter<T>*>& parameters, const std::vector<ParameterGroup<T>>& groups);

  /// Checks the loss of an evaluation. @throws Error if the loss is not finite, with advice
  void check_loss(const EvaluationResult& result) const;
  /// Returns the metrics of an evaluation: those of `result`, of compute_loss_metrics and `further`. Puts `prefix`
  /// before each name.
  Json metrics_of(const EvaluationResult& result, const Json& further, std::string_view prefix) const;

 private:
  using Clock = std::chrono::steady_clock;

  /// Computes the gradient of a step and stores it in the parameters. `examples`: for each batch of the step, the
  /// indices of its examples.
  virtual StepResult compute_gradients(std::span<const std::span<const index_t>> examples, index_t epoch,
                                       index_t step) = 0;
  /// Computes the gradient of a step again, and checks that all values and gradients are finite. @throws Error naming
  /// the op that first produced a value or gradient that is not finite
  virtual void find_anomaly(std::span<const std::span<const index_t>> examples, index_t epoch, index_t step) = 0;
  /// Evaluates the model on the evaluation dataset. Returns the metrics, with the prefix "eval_".
  virtual Json compute_eval_metrics() = 0;
  virtual void save_weights(const std::filesystem::path& folder) const = 0;

  static TrainingArguments validated(TrainingArguments args, bool can_evaluate);
  bool writes() const noexcept { return !args_.output_dir.empty(); }
  double lr_factor(index_t step) const;
  std::filesystem::path output_dir() const;
  /// Returns the values by which check_same_run() decides whether a checkpoint belongs to this run.
  Json identity() const;

  /// Locks output_dir for a write to `folder`. Returns nullopt, without locking, if `folder` is not output_dir or if
  /// train() already holds the lock.
  std::optional<OutputDirLock> lock_of(const std::filesystem::path& folder) const;
  /// Checks that the disk has room for the checkpoints that the run writes after step `first_step`. @throws ValueError
  /// if it has too little room
  void check_room(index_t first_step) const;

  void begin();
  /// Verifies the checkpoint to resume from and returns it, or nullopt if there is none. Changes nothing.
  std::optional<std::filesystem::path> verified_checkpoint() const;
  void load(const std::filesystem::path& checkpoint);
  TrainOutput run();
  void step();
  /// Throws Error because the norm of the step's gradient is not finite. The error says what to do, and names the op
  /// that first produced a value or gradient that is not finite, if there is one.
  [[noreturn]] void fail_step(index_t step);
  /// Says what to do if training diverges, and where the newest checkpoint is.
  std::string advice() const;
  void say(std::string_view text) const;
  void warn(const std::string& warning) const;
  /// Reports each checkpoint in output_dir whose step is later than the step from which the run resumes.
  void notice_newer_checkpoints() const;
  /// Sets the flags of control_ that say what to do after the current step: log, evaluate, save.
  void plan_actions();
  void act();
  void log_training();
  void evaluate_and_compare();
  double best_metric_of(const Json& metrics) const;
  void save_checkpoint();
  void load_best_model();
  /// Logs the metrics of the whole run and returns them.
  Json finish(Clock::time_point start, index_t first_step);
  void log(Json entry);
  template <class Event, class... Args>
  void notify(Event event, const Args&... event_args);

  TrainingArguments args_;
  StepPlan plan_;
  optim::LrScheduler scheduler_;
  std::function<double(index_t)> lr_lambda_;
  std::shared_ptr<optim::Optimizer<T>> optimizer_;
  bool has_own_optimizer_ = false;
  optim::ParameterChunks<T> parameters_;
  std::function<void(const std::filesystem::path&)> save_tokenizer_;
  std::vector<std::shared_ptr<TrainerCallback>> callbacks_;

  TrainerState state_;
  TrainerControl control_;
  StepResult last_step_;
  LossMeter losses_;
  LossWatch watch_;
  std::optional<TrainingLog> log_;
  std::optional<OutputDirLock> lock_;  // while train() runs
  index_t last_saved_step_ = -1, session_examples_ = 0;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/training_loop.ipp>
#endif
