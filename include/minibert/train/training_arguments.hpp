// The settings of a training run, with Hugging Face's names and defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/io/json.hpp>
#include <minibert/optim/lr_scheduler.hpp>

namespace minibert {

/// When the trainer evaluates or saves: never, every n steps, or at the end of each epoch.
enum class IntervalStrategy { no, steps, epoch };

constexpr std::string_view to_string(IntervalStrategy strategy) noexcept {
  return strategy == IntervalStrategy::no ? "no" : strategy == IntervalStrategy::steps ? "steps" : "epoch";
}

/// The settings of a training run. Designated initializers read like keyword arguments, but must keep the order below:
/// `TrainingArguments{.output_dir = "out", .learning_rate = 1e-4, .max_steps = 500}`.
struct TrainingArguments {
  std::filesystem::path output_dir = {};  ///< if empty, nothing is written, neither checkpoints nor a log
  bool overwrite_output_dir = false;
  /// A checkpoint, or a folder whose newest checkpoint is used. An empty path means output_dir. Unset: a new run.
  std::optional<std::filesystem::path> resume_from_checkpoint = std::nullopt;

  index_t per_device_train_batch_size = 8;
  index_t per_device_eval_batch_size = 8;
  index_t gradient_accumulation_steps = 1;
  /// If more than 0, replaces per_device_train_batch_size: a batch has as many examples as fit in this many tokens.
  index_t max_tokens_per_batch = 0;
  /// Limits the tokens that go through the model at once, and so its memory. A batch with more tokens goes through the
  /// model in several passes of at most this many tokens (more only for a single longer example). This changes the
  /// result only by rounding. With 0, a batch is always one pass: use 0 if the loss is not a sum over the items of a
  /// batch.
  index_t max_tokens_per_pass = 1280;
  SamplingStrategy train_sampling_strategy = SamplingStrategy::random;
  double learning_rate = 5e-5;
  double weight_decay = 0.0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;  ///< 0: no clipping
  double num_train_epochs = 3.0;
  index_t max_steps = -1;  ///< if more than 0, replaces num_train_epochs
  optim::SchedulerType lr_scheduler_type = optim::SchedulerType::linear;
  double warmup_steps = 0;  ///< a number of steps; below 1: a fraction of all steps

  index_t logging_steps = 500;
  bool logging_first_step = false;
  IntervalStrategy eval_strategy = IntervalStrategy::no;
  std::optional<index_t> eval_steps = std::nullopt;  ///< defaults to logging_steps
  IntervalStrategy save_strategy = IntervalStrategy::steps;
  index_t save_steps = 500;
  /// Number of newest checkpoints to keep. The best checkpoint is kept, too. 0 keeps all, as Hugging Face's default.
  index_t save_total_limit = 2;
  bool load_best_model_at_end = false;                   ///< also saves after each evaluation that is the best so far
  std::string metric_for_best_model = "loss";            ///< name with or without "eval_"
  std::optional<bool> greater_is_better = std::nullopt;  ///< unset: true unless the metric's name ends with "loss"
  /// Memory limit, in bytes, for the predictions and labels that are collected for compute_metrics and predict().
  index_t max_prediction_bytes = index_t{1} << 30;
  std::uint64_t seed = 42;
  /// Multiplies matrices in bfloat16 (see autocast), in training and evaluation. The weights, the sums of products and
  /// everything else stay float.
  bool bf16 = false;

  index_t eval_interval() const noexcept { return eval_steps.value_or(logging_steps); }
  bool is_better(double metric, double best) const;
  /// Returns the name of metric_for_best_model in an evaluation's metrics, which begins with "eval_".
  std::string best_metric_key() const;

  /// Checks all arguments. @throws ValueError naming the first invalid argument, its value and the expected values
  void validate() const;

  /// Returns all arguments by name, except the arguments about folders.
  Json to_json() const;

  /// Returns true if a resumed run may have another value of the argument `name`. Such an argument affects only
  /// logging, saving, evaluation or the length of the run. (The length also changes the learning rate schedule.)
  static bool may_change_on_resume(std::string_view name) noexcept;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/training_arguments.ipp>
#endif
