// Early stopping, as transformers' EarlyStoppingCallback.
#pragma once

#include <string>

#include <minibert/core/error.hpp>
#include <minibert/train/callback.hpp>

namespace minibert {

/// Stops training after early_stopping_patience consecutive evaluations without improvement. An evaluation is an
/// improvement if metric_for_best_model is better than the best so far by more than early_stopping_threshold.
class EarlyStoppingCallback : public TrainerCallback {
 public:
  explicit EarlyStoppingCallback(index_t early_stopping_patience = 1, double early_stopping_threshold = 0.0);

  /// @throws ValueError if load_best_model_at_end is false: the best model would then not be kept, and there might be
  /// no evaluations at all
  void on_train_begin(TrainerContext context) override;

  void on_evaluate(TrainerContext context, const Json& metrics) override;

  std::string name() const override;
  Json state() const override;
  void load_state(const Json& state) override;

 private:
  index_t patience_;
  double threshold_;
  index_t counter_ = 0;  // consecutive evaluations without improvement
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/early_stopping.ipp>
#endif
