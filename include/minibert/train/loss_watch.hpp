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
  /// Takes the loss of the first log entry as the loss at the beginning, for a run that is resumed.
  void resume(const Json& log_history);

  /// Counts a step.
  void add(const StepResult& step) noexcept;

  /// Returns a warning about the mean loss of some steps, or an empty string.
  std::string check_training(double loss, double learning_rate);
  /// Returns a warning about the loss of an evaluation, or an empty string. The loss on other text may be higher than
  /// the loss of training, and may rise without divergence. So the limit is higher.
  std::string check_evaluation(double loss, double learning_rate);

  /// Checks that the steps had items. @throws ValueError if there were steps, but no items
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
