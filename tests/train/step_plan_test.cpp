#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <minibert/train/step_plan.hpp>

#include "support/example_lengths.hpp"

namespace {

using namespace minibert;
using namespace minibert::testing;

ExampleLengths equal_lengths(index_t n) { return lengths_in(std::vector<index_t>(core::usize(n), 5)); }

/// Returns the examples of a step, batch by batch.
std::vector<std::vector<index_t>> batches_of(StepPlan& plan, index_t step) {
  std::vector<std::vector<index_t>> batches;
  for (const auto& batch : plan.batches(step)) batches.emplace_back(batch.begin(), batch.end());
  return batches;
}

TEST_CASE("the steps of an epoch visit every example once; the last step takes the rest") {
  const TrainingArguments args{.per_device_train_batch_size = 4, .gradient_accumulation_steps = 2};
  StepPlan plan(equal_lengths(50), args);
  CHECK(plan.steps_per_epoch() == 7);
  for (const index_t epoch : {0, 3}) {
    std::vector<index_t> seen;
    for (index_t step = epoch * 7; step < (epoch + 1) * 7; ++step) {
      CHECK(plan.epoch_of(step) == epoch);
      const auto batches = batches_of(plan, step);
      CHECK(core::length(batches) == (step % 7 == 6 ? 1 : 2));
      for (const auto& batch : batches) {
        CHECK(core::length(batch) == (step % 7 == 6 ? 2 : 4));
        seen.insert(seen.end(), batch.begin(), batch.end());
      }
    }
    CHECK(seen == order_of(random_sampler(50, 42), 50, epoch));
  }
}

TEST_CASE("the examples of a step do not depend on the steps before it") {
  for (const index_t max_tokens : {0, 20})
    for (const auto strategy : {SamplingStrategy::random, SamplingStrategy::group_by_length}) {
      const TrainingArguments args{.max_tokens_per_batch = max_tokens, .train_sampling_strategy = strategy};
      StepPlan forward(equal_lengths(50), args), jump(equal_lengths(50), args);
      std::vector<std::vector<index_t>> last;
      for (index_t step = 0; step <= 27; ++step) last = batches_of(forward, step);
      CHECK(batches_of(jump, 27) == last);
    }
}

TEST_CASE("group_by_length groups by the batch size of a whole step") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 1000; ++i) lengths.push_back(3 + i * i % 101);
  const TrainingArguments args{.per_device_train_batch_size = 4,
                               .gradient_accumulation_steps = 2,
                               .train_sampling_strategy = SamplingStrategy::group_by_length};
  StepPlan plan(lengths_in(lengths), args);
  const std::vector<index_t> order =
      order_of(make_sampler(SamplingStrategy::group_by_length, lengths_in(lengths), 8, 42), 1000, 1);
  std::vector<index_t> seen;
  for (index_t step = plan.steps_per_epoch(); step < 2 * plan.steps_per_epoch(); ++step)
    for (const auto& batch : batches_of(plan, step)) seen.insert(seen.end(), batch.begin(), batch.end());
  CHECK(seen == order);
}

TEST_CASE("max_tokens_per_batch limits every batch; steps and epochs count these batches") {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 1000; ++i) lengths.push_back(3 + i * i % 101);
  for (const auto strategy :
       {SamplingStrategy::random, SamplingStrategy::sequential, SamplingStrategy::group_by_length}) {
    const TrainingArguments args{.gradient_accumulation_steps = 3,
                                 .max_tokens_per_batch = 256,
                                 .train_sampling_strategy = strategy,
                                 .num_train_epochs = 2};
    StepPlan plan(lengths_in(lengths), args);
    CHECK(plan.max_steps() == 2 * plan.steps_per_epoch());
    std::vector<index_t> visits(1000);
    index_t num_batches = 0, spread = 0;
    for (index_t step = 0; step < plan.max_steps(); ++step) {
      const auto batches = batches_of(plan, step);
      CHECK((core::length(batches) == 3 || plan.ends_epoch(step + 1)));
      for (const auto& batch : batches) {
        index_t tokens = 0, shortest = 1000, longest = 0;
        for (const index_t example : batch) {
          ++core::at(visits, example);
          tokens += core::at(lengths, example);
          shortest = std::min(shortest, core::at(lengths, example));
          longest = std::max(longest, core::at(lengths, example));
        }
        CHECK(tokens <= 256);
        spread += longest - shortest;
        ++num_batches;
      }
    }
    CHECK(visits == std::vector<index_t>(1000, 2));
    CHECK((spread / num_batches < 30) == (strategy == SamplingStrategy::group_by_length));
  }
}

TEST_CASE("the number of steps is computed as in transformers") {
  const auto steps = [](index_t examples, double epochs, index_t max_steps) {
    return StepPlan(equal_lengths(examples), {.num_train_epochs = epochs, .max_steps = max_steps}).max_steps();
  };
  CHECK(steps(50, 3, -1) == 21);
  CHECK(steps(50, 0.5, -1) == 4);
  CHECK(steps(50, 3, 5) == 5);
  CHECK(steps(1, 1, -1) == 1);
  const auto lengths = equal_lengths(50);
  CHECK(StepPlan(lengths, {.max_steps = 8}).num_train_epochs() == 2);
  CHECK(StepPlan(lengths, {}).epochs_after(14) == 2);
  CHECK(StepPlan(lengths, {}).ends_epoch(14));
  CHECK_FALSE(StepPlan(lengths, {}).ends_epoch(15));
  CHECK_THROWS_AS(StepPlan(equal_lengths(0), {}), ValueError);
}

}  // namespace
