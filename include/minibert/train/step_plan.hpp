// Assigns examples to optimizer steps. The examples depend only on the step, so a run can resume at any step.
#pragma once

#include <span>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/data/batch_sampler.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

/// Assigns batches of examples to the steps of a run. A step has gradient_accumulation_steps batches. The last step of
/// an epoch has the remaining batches.
class StepPlan {
 public:
  StepPlan(const ExampleLengths& lengths, const TrainingArguments& args);

  index_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  index_t max_steps() const noexcept { return max_steps_; }
  index_t num_train_epochs() const noexcept { return (max_steps_ - 1) / steps_per_epoch_ + 1; }

  /// Returns the epoch of a step. Both count from 0.
  index_t epoch_of(index_t step) const noexcept { return step / steps_per_epoch_; }
  /// Returns how many epochs are done after a number of steps. The current epoch counts as a fraction.
  double epochs_after(index_t steps) const noexcept {
    return static_cast<double>(steps) / static_cast<double>(steps_per_epoch_);
  }
  bool ends_epoch(index_t steps) const noexcept { return steps % steps_per_epoch_ == 0; }

  /// Returns the examples of each batch of a step, in order. Steps count from 0. Valid until the next call.
  std::span<const std::span<const index_t>> batches(index_t step);

 private:
  static BatchSampler make_batches(const ExampleLengths& lengths, const TrainingArguments& args);

  BatchSampler batches_;
  index_t batches_per_step_, steps_per_epoch_, max_steps_;
  std::vector<index_t> examples_, ends_;  // of the step in the latest batches() call; each batch's end in examples_
  std::vector<std::span<const index_t>> of_step_;  // the batches that batches() returned
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/step_plan.ipp>
#endif
