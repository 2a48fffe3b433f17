// Assigns examples to optimizer steps. The examples depend only on the step, so a run can resume anywhere at no cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/batch_sampler.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

/// Plans the steps of a run over examples with the given lengths in tokens. A step takes gradient_accumulation_steps
/// batches; the last step of an epoch takes the remaining batches.
class StepPlan {
 public:
  StepPlan(const ExampleLengths& lengths, const TrainingArguments& args)
      : batches_(make_batches(lengths, args)),
        batches_per_step_(args.gradient_accumulation_steps),
        steps_per_epoch_((batches_.num_batches() - 1) / batches_per_step_ + 1) {
    const double steps = std::ceil(args.num_train_epochs * static_cast<double>(steps_per_epoch_));
    max_steps_ = args.max_steps > 0 ? args.max_steps : static_cast<index_t>(steps);
  }

  index_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  index_t max_steps() const noexcept { return max_steps_; }
  index_t num_train_epochs() const noexcept { return (max_steps_ - 1) / steps_per_epoch_ + 1; }

  /// Returns the epoch of a step. Both count from 0.
  index_t epoch_of(index_t step) const noexcept { return step / steps_per_epoch_; }
  /// Returns the number of epochs, with a fraction, after a number of steps.
  double epochs_after(index_t steps) const noexcept {
    return static_cast<double>(steps) / static_cast<double>(steps_per_epoch_);
  }
  bool ends_epoch(index_t steps) const noexcept { return steps % steps_per_epoch_ == 0; }

  /// Returns the examples of each batch of a step, in order. Valid until the next call.
  std::span<const std::span<const index_t>> batches(index_t step) {
    const index_t begin = step % steps_per_epoch_ * batches_per_step_;
    const index_t end = std::min(begin + batches_per_step_, batches_.num_batches());
    examples_.clear();
    ends_.clear();
    for (index_t i = begin; i < end; ++i) {
      batches_.append_batch(epoch_of(step), i, examples_);
      ends_.push_back(core::length(examples_));
    }
    of_step_.clear();
    index_t first = 0;
    for (const index_t last : ends_) {
      of_step_.push_back(std::span(examples_).subspan(core::usize(first), core::usize(last - first)));
      first = last;
    }
    return of_step_;
  }

 private:
  static BatchSampler make_batches(const ExampleLengths& lengths, const TrainingArguments& args) {
    core::check<ValueError>(lengths.size > 0, "the training text contains no line with a token, expected one or more");
    const index_t n = lengths.size;
    if (args.max_tokens_per_batch == 0) {
      const index_t of_step = args.per_device_train_batch_size * args.gradient_accumulation_steps;
      const Sampler sampler = make_sampler(args.train_sampling_strategy, lengths, of_step, args.seed);
      return BatchSampler::by_examples(sampler, n, args.per_device_train_batch_size);
    }
    // make_sampler takes the average number of examples per step.
    index_t num_tokens = 0;
    for (index_t i = 0; i < n; ++i) num_tokens += lengths.of(i);
    const auto all_tokens = static_cast<double>(num_tokens);
    const double tokens_of_step =
        static_cast<double>(args.max_tokens_per_batch) * static_cast<double>(args.gradient_accumulation_steps);
    const double of_step = static_cast<double>(n) * std::min(1.0, tokens_of_step / all_tokens);
    const Sampler sampler = make_sampler(args.train_sampling_strategy, lengths,
                                         std::max(static_cast<index_t>(of_step), index_t{1}), args.seed);
    const bool is_shuffled = args.train_sampling_strategy != SamplingStrategy::sequential;
    return BatchSampler::by_tokens(sampler, lengths, args.max_tokens_per_batch,
                                   is_shuffled ? std::optional(args.seed) : std::nullopt);
  }

  BatchSampler batches_;
  index_t batches_per_step_, steps_per_epoch_, max_steps_;
  std::vector<index_t> examples_, ends_;  // examples of the last requested step, and the ends of its batches
  std::vector<std::span<const index_t>> of_step_;
};

}  // namespace minibert
