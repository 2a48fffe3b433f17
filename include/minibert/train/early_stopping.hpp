// Early stopping, as transformers' EarlyStoppingCallback.
#pragma once

#include <cmath>
#include <string>

#include <minibert/train/callback.hpp>

namespace minibert {

/// Stops training after `patience` consecutive evaluations in which metric_for_best_model did not improve by more than
/// the threshold.
class EarlyStoppingCallback : public TrainerCallback {
 public:
  explicit EarlyStoppingCallback(index_t early_stopping_patience = 1, double early_stopping_threshold = 0.0)
      : patience_(early_stopping_patience), threshold_(early_stopping_threshold) {
    core::check<ValueError>(patience_ >= 1, "early_stopping_patience is ", patience_, ", expected 1 or more");
  }

  /// @throws ValueError without load_best_model_at_end: there might be no evaluations, and the best model would be lost
  void on_train_begin(TrainerContext context) override {
    core::check<ValueError>(context.args.load_best_model_at_end,
                            "early stopping: load_best_model_at_end is false, expected true");
  }

  void on_evaluate(TrainerContext context, const Json& metrics) override {
    const double metric = metrics.at(context.args.best_metric_key()).as_number();
    const std::optional<double>& best = context.state.best_metric;
    const bool improved = !best || (context.args.is_better(metric, *best) && std::abs(metric - *best) > threshold_);
    counter_ = improved ? 0 : counter_ + 1;
    if (counter_ >= patience_) context.control.should_training_stop = true;
  }

  std::string name() const override { return "EarlyStoppingCallback"; }
  Json state() const override {
    return Json::Object{
        {"args", Json::Object{{"early_stopping_patience", patience_}, {"early_stopping_threshold", threshold_}}},
        {"attributes", Json::Object{{"early_stopping_patience_counter", counter_}}}};
  }
  void load_state(const Json& state) override {
    counter_ = state.at("attributes").at("early_stopping_patience_counter").as_integer();
  }

 private:
  index_t patience_;
  double threshold_;
  index_t counter_ = 0;
};

}  // namespace minibert
