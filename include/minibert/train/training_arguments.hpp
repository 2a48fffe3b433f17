// What a training run is told: Hugging Face's names and defaults.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/io/json.hpp>
#include <minibert/optim/lr_scheduler.hpp>

namespace minibert {

/// When something is done: never, every so many steps, at the end of each epoch.
enum class IntervalStrategy { no, steps, epoch };

constexpr std::string_view to_string(IntervalStrategy strategy) noexcept {
  return strategy == IntervalStrategy::no ? "no" : strategy == IntervalStrategy::steps ? "steps" : "epoch";
}

/// Designated initialisers read like keyword arguments, but must keep the order below:
/// `TrainingArguments{.output_dir = "out", .learning_rate = 1e-4, .max_steps = 500}`.
struct TrainingArguments {
  std::filesystem::path output_dir = {};
  bool overwrite_output_dir = false;
  /// A checkpoint, or a folder of checkpoints, whose newest is taken; an empty path means output_dir.
  std::optional<std::filesystem::path> resume_from_checkpoint = std::nullopt;

  index_t per_device_train_batch_size = 8;
  index_t per_device_eval_batch_size = 8;
  index_t gradient_accumulation_steps = 1;
  /// More than 0: instead of per_device_train_batch_size. A batch takes as many lines as have at most so many tokens.
  index_t max_tokens_per_batch = 0;
  /// A batch of more tokens goes through the model in passes of at most so many, which bounds the memory and changes
  /// the result by rounding only; 0: in one. A model whose loss is no sum over the batch needs 0.
  index_t max_tokens_per_pass = 1280;
  SamplingStrategy train_sampling_strategy = SamplingStrategy::random;
  double learning_rate = 5e-5;
  double weight_decay = 0.0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;  ///< 0: no clipping
  double num_train_epochs = 3.0;
  index_t max_steps = -1;  ///< more than 0: instead of num_train_epochs
  optim::SchedulerType lr_scheduler_type = optim::SchedulerType::linear;
  double warmup_steps = 0;  ///< below 1: a share of all steps

  index_t logging_steps = 500;
  bool logging_first_step = false;
  IntervalStrategy eval_strategy = IntervalStrategy::no;
  std::optional<index_t> eval_steps = std::nullopt;  ///< logging_steps unless set
  IntervalStrategy save_strategy = IntervalStrategy::steps;
  index_t save_steps = 500;
  /// So many checkpoints are kept, the newest, and the best one besides; 0 keeps all. (Hugging Face keeps all.)
  index_t save_total_limit = 2;
  bool load_best_model_at_end = false;         ///< also saves a checkpoint at every evaluation that is the best so far
  std::string metric_for_best_model = "loss";  ///< with or without "eval_"
  std::optional<bool> greater_is_better = std::nullopt;  ///< unless set: whether the metric's name ends with "loss"
  std::uint64_t seed = 42;
  /// Multiply in bfloat16 (see autocast), training and evaluating; weights, sums and all else stay float.
  bool bf16 = false;

  index_t eval_interval() const noexcept { return eval_steps.value_or(logging_steps); }
  bool is_better(double metric, double best) const {
    return greater_is_better.value_or(!std::string_view(metric_for_best_model).ends_with("loss")) ? metric > best
                                                                                                  : metric < best;
  }
  /// The key of metric_for_best_model in an evaluation's metrics.
  std::string best_metric_key() const {
    return metric_for_best_model.starts_with("eval_") ? metric_for_best_model : "eval_" + metric_for_best_model;
  }

  /// ValueError naming the argument, its value and what was expected.
  void validate() const;

  /// All arguments by name, but for the folders.
  Json to_json() const;

  /// Whether a resumed run may have another value of that argument: it changes no bit of what is learned from there on
  /// but where the run ends (and with it the schedule).
  static bool may_change_on_resume(std::string_view name) noexcept {
    for (const std::string_view free :
         {"max_steps", "num_train_epochs", "per_device_eval_batch_size", "logging_steps", "logging_first_step",
          "eval_strategy", "eval_steps", "save_strategy", "save_steps", "save_total_limit", "load_best_model_at_end"})
      if (name == free) return true;
    return false;
  }
};

inline void TrainingArguments::validate() const {
  const auto at_least = [](const char* name, auto value, auto least) {
    core::check<ValueError>(value >= least, name, " is ", value, ", expected ", least, " or more");  // false for NaN
  };
  const auto is_finite = [](const char* name, double value) {
    core::check<ValueError>(std::isfinite(value), name, " is ", value, ", expected a finite number");
  };
  core::check<ValueError>(!output_dir.empty(), "output_dir is empty, expected a folder");
  at_least("per_device_train_batch_size", per_device_train_batch_size, 1);
  at_least("per_device_eval_batch_size", per_device_eval_batch_size, 1);
  at_least("gradient_accumulation_steps", gradient_accumulation_steps, 1);
  core::check<ValueError>(
      per_device_train_batch_size <= std::numeric_limits<index_t>::max() / gradient_accumulation_steps,
      "per_device_train_batch_size times gradient_accumulation_steps is too large");
  at_least("max_tokens_per_batch", max_tokens_per_batch, 0);
  at_least("max_tokens_per_pass", max_tokens_per_pass, 0);
  is_finite("learning_rate", learning_rate);
  at_least("learning_rate", learning_rate, 0.0);
  at_least("max_grad_norm", max_grad_norm, 0.0);
  core::check<ValueError>(max_steps > 0 || max_steps == -1, "max_steps is ", max_steps,
                          ", expected more than 0, or -1");
  is_finite("num_train_epochs", num_train_epochs);
  core::check<ValueError>(max_steps > 0 || num_train_epochs > 0, "num_train_epochs is ", num_train_epochs,
                          ", expected more than 0");
  is_finite("warmup_steps", warmup_steps);
  at_least("warmup_steps", warmup_steps, 0.0);
  at_least("logging_steps", logging_steps, 1);
  at_least("eval_steps", eval_interval(), 1);
  at_least("save_steps", save_steps, 1);
  at_least("save_total_limit", save_total_limit, 0);
  core::check<ValueError>(!metric_for_best_model.empty(), "metric_for_best_model is empty");
  core::check<ValueError>(!load_best_model_at_end || eval_strategy != IntervalStrategy::no,
                          "load_best_model_at_end needs evaluations, but eval_strategy is no");
}

inline Json TrainingArguments::to_json() const {
  const auto optional = [](const auto& value) { return value ? Json(*value) : Json(); };
  return Json::Object{{"per_device_train_batch_size", per_device_train_batch_size},
                      {"per_device_eval_batch_size", per_device_eval_batch_size},
                      {"gradient_accumulation_steps", gradient_accumulation_steps},
                      {"max_tokens_per_batch", max_tokens_per_batch},
                      {"max_tokens_per_pass", max_tokens_per_pass},
                      {"train_sampling_strategy", to_string(train_sampling_strategy)},
                      {"learning_rate", learning_rate},
                      {"weight_decay", weight_decay},
                      {"adam_beta1", adam_beta1},
                      {"adam_beta2", adam_beta2},
                      {"adam_epsilon", adam_epsilon},
                      {"max_grad_norm", max_grad_norm},
                      {"num_train_epochs", num_train_epochs},
                      {"max_steps", max_steps},
                      {"lr_scheduler_type", to_string(lr_scheduler_type)},
                      {"warmup_steps", warmup_steps},
                      {"logging_steps", logging_steps},
                      {"logging_first_step", logging_first_step},
                      {"eval_strategy", to_string(eval_strategy)},
                      {"eval_steps", optional(eval_steps)},
                      {"save_strategy", to_string(save_strategy)},
                      {"save_steps", save_steps},
                      {"save_total_limit", save_total_limit},
                      {"load_best_model_at_end", load_best_model_at_end},
                      {"metric_for_best_model", metric_for_best_model},
                      {"greater_is_better", optional(greater_is_better)},
                      {"seed", core::concat(seed)},
                      {"bf16", bf16}};
}

}  // namespace minibert
