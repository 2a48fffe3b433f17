// Definitions of train/early_stopping.hpp.
#pragma once

#include <cmath>

#include <minibert/core/error.hpp>
#include <minibert/train/early_stopping.hpp>

namespace minibert {

MINIBERT_INLINE EarlyStoppingCallback::EarlyStoppingCallback(index_t early_stopping_patience,
                                                             double early_stopping_threshold)
    : patience_(early_stopping_patience), threshold_(early_stopping_threshold) {
  core::check<ValueError>(patience_ >= 1, "early_stopping_patience is ", patience_, ", expected 1 or more");
}

MINIBERT_INLINE void EarlyStoppingCallback::on_train_begin(TrainerContext context) {
  core::check<ValueError>(context.args.load_best_model_at_end,
                          "early stopping: load_best_model_at_end is false, expected true");
}

MINIBERT_INLINE void EarlyStoppingCallback::on_evaluate(TrainerContext context, const Json& metrics) {
  const double metric = metrics.at(context.args.best_metric_key()).as_number();
  const std::optional<double>& best = context.state.best_metric;
  const bool improved =
      std::isfinite(metric) && (!best || !std::isfinite(*best) ||
                                (context.args.is_better(metric, *best) && std::abs(metric - *best) > threshold_));
  counter_ = improved ? 0 : counter_ + 1;
  if (counter_ >= patience_) context.control.should_training_stop = true;
}

MINIBERT_INLINE std::string EarlyStoppingCallback::name() const { return "EarlyStoppingCallback"; }

MINIBERT_INLINE Json EarlyStoppingCallback::state() const {
  return Json::Object{
      {"args", Json::Object{{"early_stopping_patience", patience_}, {"early_stopping_threshold", threshold_}}},
      {"attributes", Json::Object{{"early_stopping_patience_counter", counter_}}}};
}

MINIBERT_INLINE void EarlyStoppingCallback::load_state(const Json& state) {
  counter_ = state.at("attributes").at("early_stopping_patience_counter").as_integer();
}

}  // namespace minibert
