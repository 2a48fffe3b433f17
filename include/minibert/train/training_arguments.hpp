// The settings of a training run, with Hugging Face's names and defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/io/json.hpp>
#include <minibert/optim/lr_scheduler.hpp>

namespace minibert {

/// When to do something: never, at a fixed interval of steps, or at the end of each epoch.
enum class IntervalStrategy { no, steps, epoch };

constexpr std::string_view to_string(IntervalStrategy strategy) noexcept {
  return strategy == IntervalStrategy::no ? "no" : strategy == IntervalStrategy::steps ? "steps" : "epoch";
}

/// The settings of a training run. Designated initializers read like keyword arguments, but must keep the order below:
/// `TrainingArguments{.output_dir = "out", .learning_rate = 1e-4, .max_steps = 500}`.
struct TrainingArguments {
  std::filesystem::path output_dir = {};  ///< empty: write nothing, neither checkpoints nor a log
  bool overwrite_output_dir = false;
  /// A checkpoint, or a folder whose newest checkpoint is used; an empty path means output_dir.
  std::optional<std::filesystem::path> resume_from_checkpoint = std::nullopt;

  index_t per_device_train_batch_size = 8;
  index_t per_device_eval_batch_size = 8;
  index_t gradient_accumulation_steps = 1;
  /// If more than 0, replaces per_device_train_batch_size: a batch takes examples up to this number of tokens.
  index_t max_tokens_per_batch = 0;
  /// Limits memory. A batch with more tokens goes through the model in several passes of at most this size, which
  /// changes the result only by rounding. 0 disables passes: use it if the loss is not a sum over the batch.
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
  double warmup_steps = 0;  ///< below 1: a fraction of all steps

  index_t logging_steps = 500;
  bool logging_first_step = false;
  IntervalStrategy eval_strategy = IntervalStrategy::no;
  std::optional<index_t> eval_steps = std::nullopt;  ///< defaults to logging_steps
  IntervalStrategy save_strategy = IntervalStrategy::steps;
  index_t save_steps = 500;
  /// Number of newest checkpoints to keep, in addition to the best; 0 keeps all. (Hugging Face's default keeps all.)
  index_t save_total_limit = 2;
  bool load_best_model_at_end = false;         ///< also saves a checkpoint whenever an evaluation is the best so far
  std::string metric_for_best_model = "loss";  ///< with or without "eval_"
  std::optional<bool> greater_is_better = std::nullopt;  ///< default: false if the metric's name ends with "loss"
  /// Memory limit, in bytes, for the predictions that compute_metrics and predict() store.
  index_t max_prediction_bytes = index_t{1} << 30;
  std::uint64_t seed = 42;
  /// Multiplies matrices in bfloat16 (see autocast), in training and evaluation. Weights, sums and everything else stay
  /// float.
  bool bf16 = false;

  index_t eval_interval() const noexcept { return eval_steps.value_or(logging_steps); }
  bool is_better(double metric, double best) const;
  /// Returns the key of metric_for_best_model in an evaluation's metrics.
  std::string best_metric_key() const;

  /// Checks all arguments. @throws ValueError naming an invalid argument, its value and the expected values
  void validate() const;

  /// Returns all arguments by name, except the arguments about folders.
  Json to_json() const;

  /// Returns true if an argument may change when a run is resumed: it affects only logging, saving, evaluation or the
  /// length of the run (and with it the schedule).
  static bool may_change_on_resume(std::string_view name) noexcept;
};

namespace train_detail {

/// The treatment of an argument when a run is resumed.
enum class OnResume {
  must_match,  ///< affects the trained weights
  may_change,  ///< affects only logging, saving, evaluation or the length of the run
  is_place     ///< names or clears a folder; not compared
};

template <class Member>
struct ArgumentField {
  std::string_view name;
  Member TrainingArguments::*member;
  OnResume on_resume;
};
template <class Member>
ArgumentField(std::string_view, Member TrainingArguments::*, OnResume) -> ArgumentField<Member>;

/// Lists every member of TrainingArguments once. If a member is missing, check_argument_fields() does not compile.
constexpr auto argument_fields() {
  using A = TrainingArguments;
  constexpr OnResume match = OnResume::must_match, change = OnResume::may_change, place = OnResume::is_place;
  return std::tuple{ArgumentField{"output_dir", &A::output_dir, place},
                    ArgumentField{"overwrite_output_dir", &A::overwrite_output_dir, place},
                    ArgumentField{"resume_from_checkpoint", &A::resume_from_checkpoint, place},
                    ArgumentField{"per_device_train_batch_size", &A::per_device_train_batch_size, match},
                    ArgumentField{"per_device_eval_batch_size", &A::per_device_eval_batch_size, change},
                    ArgumentField{"gradient_accumulation_steps", &A::gradient_accumulation_steps, match},
                    ArgumentField{"max_tokens_per_batch", &A::max_tokens_per_batch, match},
                    ArgumentField{"max_tokens_per_pass", &A::max_tokens_per_pass, match},
                    ArgumentField{"train_sampling_strategy", &A::train_sampling_strategy, match},
                    ArgumentField{"learning_rate", &A::learning_rate, match},
                    ArgumentField{"weight_decay", &A::weight_decay, match},
                    ArgumentField{"adam_beta1", &A::adam_beta1, match},
                    ArgumentField{"adam_beta2", &A::adam_beta2, match},
                    ArgumentField{"adam_epsilon", &A::adam_epsilon, match},
                    ArgumentField{"max_grad_norm", &A::max_grad_norm, match},
                    ArgumentField{"num_train_epochs", &A::num_train_epochs, change},
                    ArgumentField{"max_steps", &A::max_steps, change},
                    ArgumentField{"lr_scheduler_type", &A::lr_scheduler_type, match},
                    ArgumentField{"warmup_steps", &A::warmup_steps, match},
                    ArgumentField{"logging_steps", &A::logging_steps, change},
                    ArgumentField{"logging_first_step", &A::logging_first_step, change},
                    ArgumentField{"eval_strategy", &A::eval_strategy, change},
                    ArgumentField{"eval_steps", &A::eval_steps, change},
                    ArgumentField{"save_strategy", &A::save_strategy, change},
                    ArgumentField{"save_steps", &A::save_steps, change},
                    ArgumentField{"save_total_limit", &A::save_total_limit, change},
                    ArgumentField{"load_best_model_at_end", &A::load_best_model_at_end, change},
                    ArgumentField{"metric_for_best_model", &A::metric_for_best_model, match},
                    ArgumentField{"greater_is_better", &A::greater_is_better, match},
                    ArgumentField{"max_prediction_bytes", &A::max_prediction_bytes, change},
                    ArgumentField{"seed", &A::seed, match},
                    ArgumentField{"bf16", &A::bf16, match}};
}

/// Fails to compile unless argument_fields() lists every member: the binding needs as many names as there are members.
inline void check_argument_fields(const TrainingArguments& args) {
  const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23,
               a24, a25, a26, a27, a28, a29, a30, a31, a32] = args;
  using Members = decltype(std::tie(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
                                    a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32));
  static_assert(std::tuple_size_v<Members> == std::tuple_size_v<decltype(argument_fields())>,
                "a member of TrainingArguments is missing in argument_fields()");
}

/// Calls f(field) for every argument, in order.
template <class F>
void for_each_argument(F f) {
  std::apply([&](const auto&... field) { (f(field), ...); }, argument_fields());
}

}  // namespace train_detail

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/training_arguments.ipp>
#endif
