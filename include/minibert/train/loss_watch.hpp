// Warns of training that diverges or that has nothing to learn from.
#pragma once

#include <string>

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/callback.hpp>

namespace minibert {

/// Compares losses with the loss at the beginning of training. Returns each warning only once.
class LossWatch {
 public:
  /// For a resumed run: takes the loss in the first log entry as the loss at the beginning of training.
  void resume(const Json& log_history);

  /// Counts a step.
  void add(const StepResult& step) noexcept;

  /// Returns a warning if the mean loss of the latest steps is far above the loss at the beginning, or if the steps had
  /// no items. Otherwise returns an empty string.
  std::string check_training(double loss, double learning_rate);
  /// Like check_training(), but for the loss of an evaluation. This loss may be higher than the loss of training,
  /// because the text differs, and may rise without divergence. So its limit is higher.
  std::string check_evaluation(double loss, double learning_rate);

  /// Checks that the steps had items that count for the loss. @throws ValueError if there were steps, but no items
  void check_has_items() const;

 private:
  std::string check(double loss, double limit, double learning_rate);

  double first_loss_ = 0;
  index_t num_items_ = 0, num_examples_ = 0;  // of the steps since the beginning or the resume
  bool has_warned_ = false;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/loss_watch.ipp>
#endif
