// Definitions of train/loss_watch.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/error.hpp>
#include <minibert/train/evaluation.hpp>
#include <minibert/train/loss_watch.hpp>

namespace minibert {

MINIBERT_INLINE void LossWatch::resume(const Json& log_history) {
  for (const Json& entry : log_history.as_array())
    if (const Json* loss = entry.find("loss"); loss != nullptr && first_loss_ == 0) first_loss_ = loss->as_number();
}

MINIBERT_INLINE void LossWatch::add(const StepResult& step) noexcept {
  if (num_items_ == 0) first_loss_ = std::max(first_loss_, step.loss);
  num_items_ += step.num_items;
  num_examples_ += step.num_examples;
}

MINIBERT_INLINE std::string LossWatch::check_training(double loss, double learning_rate) {
  return check(loss, 2 * first_loss_ + 1, learning_rate);
}

MINIBERT_INLINE std::string LossWatch::check_evaluation(double loss, double learning_rate) {
  return check(loss, 2 * first_loss_ + 10, learning_rate);
}

MINIBERT_INLINE void LossWatch::check_has_items() const {
  core::check<ValueError>(num_items_ > 0 || num_examples_ == 0, "training had ", num_examples_, " examples, and ",
                          train_detail::kNoItems);
}

MINIBERT_INLINE std::string LossWatch::check(double loss, double limit, double learning_rate) {
  if (has_warned_ || num_examples_ == 0 || (num_items_ > 0 && loss <= limit)) return {};
  has_warned_ = true;
  if (num_items_ == 0)
    return core::concat("warning: training has had ", num_examples_, " examples so far, and ", train_detail::kNoItems);
  return core::concat("warning: training diverges: the loss was ", first_loss_, " at first and is ", loss,
                      " now; lower learning_rate, which is ", learning_rate,
                      ", or lengthen the warm-up (warmup_steps)");
}

}  // namespace minibert
