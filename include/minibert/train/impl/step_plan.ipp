// Definitions of train/step_plan.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include <minibert/core/error.hpp>
#include <minibert/train/step_plan.hpp>

namespace minibert {

MINIBERT_INLINE StepPlan::StepPlan(const ExampleLengths& lengths, const TrainingArguments& args)
    : batches_(make_batches(lengths, args)),
      batches_per_step_(args.gradient_accumulation_steps),
      steps_per_epoch_((batches_.num_batches() - 1) / batches_per_step_ + 1) {
  const double steps = std::ceil(args.num_train_epochs * static_cast<double>(steps_per_epoch_));
  max_steps_ = args.max_steps > 0 ? args.max_steps : static_cast<index_t>(steps);
}

MINIBERT_INLINE std::span<const std::span<const index_t>> StepPlan::batches(index_t step) {
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

MINIBERT_INLINE BatchSampler StepPlan::make_batches(const ExampleLengths& lengths, const TrainingArguments& args) {
  core::check<ValueError>(lengths.size > 0, "the training text contains no line with a token, expected one or more");
  const index_t n = lengths.size;
  if (args.max_tokens_per_batch == 0) {
    const index_t of_step = args.per_device_train_batch_size * args.gradient_accumulation_steps;
    const Sampler sampler = make_sampler(args.train_sampling_strategy, lengths, of_step, args.seed);
    return BatchSampler::by_examples(sampler, n, args.per_device_train_batch_size);
  }
  // make_sampler needs the number of examples per step. With max_tokens_per_batch this number varies, so make_sampler
  // gets the average.
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

}  // namespace minibert
