// Definitions of train/training_arguments.hpp.
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <minibert/core/error.hpp>
#include <minibert/train/argument_fields.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

namespace train_detail {

template <class Value>
Json argument_to_json(const Value& value) {
  if constexpr (std::is_enum_v<Value>)
    return to_string(value);
  else if constexpr (std::is_same_v<Value, std::uint64_t>)
    return core::concat(value);  // as text, because integers in Json are signed
  else
    return value;
}
inline Json argument_to_json(const std::filesystem::path& path) { return path.string(); }
template <class Value>
Json argument_to_json(const std::optional<Value>& value) {
  return value ? argument_to_json(*value) : Json();
}

}  // namespace train_detail

MINIBERT_INLINE bool TrainingArguments::is_better(double metric, double best) const {
  return greater_is_better.value_or(!std::string_view(metric_for_best_model).ends_with("loss")) ? metric > best
                                                                                                : metric < best;
}

MINIBERT_INLINE std::string TrainingArguments::best_metric_key() const {
  return metric_for_best_model.starts_with("eval_") ? metric_for_best_model : "eval_" + metric_for_best_model;
}

MINIBERT_INLINE bool TrainingArguments::may_change_on_resume(std::string_view name) noexcept {
  bool may_change = false;
  train_detail::for_each_argument([&](const auto& field) {
    if (field.name == name) may_change = field.on_resume == train_detail::OnResume::may_change;
  });
  return may_change;
}

MINIBERT_INLINE void TrainingArguments::validate() const {
  const auto at_least = [](const char* name, auto value, auto least) {
    core::check<ValueError>(value >= least, name, " is ", value, ", expected ", least, " or more");  // also rejects NaN
  };
  const auto is_finite = [](const char* name, double value) {
    core::check<ValueError>(std::isfinite(value), name, " is ", value, ", expected a finite number");
  };
  core::check<ValueError>(!output_dir.empty() || !resume_from_checkpoint || !resume_from_checkpoint->empty(),
                          "resume_from_checkpoint and output_dir are both empty, expected a path in one of them");
  core::check<ValueError>(!output_dir.empty() || !load_best_model_at_end,
                          "load_best_model_at_end needs checkpoints, but output_dir is empty: set output_dir");
  at_least("per_device_train_batch_size", per_device_train_batch_size, 1);
  at_least("per_device_eval_batch_size", per_device_eval_batch_size, 1);
  at_least("gradient_accumulation_steps", gradient_accumulation_steps, 1);
  core::check<ValueError>(
      per_device_train_batch_size <= std::numeric_limits<index_t>::max() / gradient_accumulation_steps,
      "per_device_train_batch_size times gradient_accumulation_steps is too large, expected a product below 2^63");
  at_least("max_tokens_per_batch", max_tokens_per_batch, 0);
  at_least("max_tokens_per_pass", max_tokens_per_pass, 0);
  is_finite("learning_rate", learning_rate);
  at_least("learning_rate", learning_rate, 0.0);
  at_least("max_grad_norm", max_grad_norm, 0.0);
  core::check<ValueError>(max_steps > 0 || max_steps == -1, "max_steps is ", max_steps,
                          ", expected 1 or more, or -1 to train for num_train_epochs");
  is_finite("num_train_epochs", num_train_epochs);
  core::check<ValueError>(max_steps > 0 || num_train_epochs > 0, "num_train_epochs is ", num_train_epochs,
                          ", expected more than 0");
  is_finite("warmup_steps", warmup_steps);
  at_least("warmup_steps", warmup_steps, 0.0);
  at_least("logging_steps", logging_steps, 1);
  at_least("eval_steps", eval_interval(), 1);
  at_least("save_steps", save_steps, 1);
  at_least("save_total_limit", save_total_limit, 0);
  at_least("max_prediction_bytes", max_prediction_bytes, 0);
  core::check<ValueError>(!metric_for_best_model.empty(),
                          "metric_for_best_model is empty, expected the name of a metric");
  core::check<ValueError>(
      !load_best_model_at_end || eval_strategy != IntervalStrategy::no,
      "load_best_model_at_end needs evaluations, but eval_strategy is no: set it to steps or epoch");
}

MINIBERT_INLINE Json TrainingArguments::to_json() const {
  Json json = Json::object();
  train_detail::for_each_argument([&](const auto& field) {
    if (field.on_resume != train_detail::OnResume::is_place)
      json[field.name] = train_detail::argument_to_json(this->*field.member);
  });
  return json;
}

}  // namespace minibert
