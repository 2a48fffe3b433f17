// Which examples each optimizer step takes: a function of the step, so that a run goes on anywhere at no cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

/// The plan of a run over a dataset. The last step of an epoch takes what is left.
class StepPlan {
 public:
  StepPlan(index_t num_examples, const TrainingArguments& args)
      : sampler_(num_examples, args.seed),
        num_examples_(num_examples),
        batch_size_(args.train_batch_size()),
        steps_per_epoch_((num_examples - 1) / batch_size_ + 1) {
    check<ValueError>(num_examples > 0, "the training text holds no line with a token");
    const double steps = std::ceil(args.num_train_epochs * static_cast<double>(steps_per_epoch_));
    max_steps_ = args.max_steps > 0 ? args.max_steps : static_cast<index_t>(steps);
  }

  index_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  index_t max_steps() const noexcept { return max_steps_; }
  index_t num_train_epochs() const noexcept { return (max_steps_ - 1) / steps_per_epoch_ + 1; }

  /// The epoch that a step, counted from 0, belongs to, and how far the run is after so many steps.
  index_t epoch_of(index_t step) const noexcept { return step / steps_per_epoch_; }
  double epochs_after(index_t steps) const noexcept {
    return static_cast<double>(steps) / static_cast<double>(steps_per_epoch_);
  }
  bool ends_epoch(index_t steps) const noexcept { return steps % steps_per_epoch_ == 0; }

  /// The examples of a step, in order; valid until the next call.
  std::span<const index_t> examples(index_t step) {
    if (epoch_of(step) != order_epoch_) {
      order_epoch_ = epoch_of(step);
      order_ = sampler_.order(order_epoch_);
    }
    const index_t begin = step % steps_per_epoch_ * batch_size_;
    return std::span(order_).subspan(usize(begin), usize(std::min(batch_size_, num_examples_ - begin)));
  }

 private:
  RandomSampler sampler_;
  index_t num_examples_, batch_size_, steps_per_epoch_, max_steps_;
  index_t order_epoch_ = -1;
  std::vector<index_t> order_;  // of epoch order_epoch_
};

}  // namespace minibert
