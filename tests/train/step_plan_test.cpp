#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include <minibert/train/step_plan.hpp>

namespace {

using namespace minibert;

TEST_CASE("an epoch's steps take every example once, the last one what is left") {
  const TrainingArguments args{.per_device_train_batch_size = 4, .gradient_accumulation_steps = 2};
  StepPlan plan(50, args);
  CHECK(plan.steps_per_epoch() == 7);
  for (const index_t epoch : {0, 3}) {
    std::vector<index_t> seen;
    for (index_t step = epoch * 7; step < (epoch + 1) * 7; ++step) {
      CHECK(plan.epoch_of(step) == epoch);
      const auto examples = plan.examples(step);
      CHECK(length(examples) == (step % 7 == 6 ? 2 : 8));
      seen.insert(seen.end(), examples.begin(), examples.end());
    }
    CHECK(seen == RandomSampler(50, 42).order(epoch));
  }
}

TEST_CASE("a step's examples do not depend on which steps came before") {
  const TrainingArguments args{.per_device_train_batch_size = 8};
  StepPlan forward(50, args), jump(50, args);
  std::vector<index_t> last;
  for (index_t step = 0; step <= 16; ++step) last.assign(forward.examples(step).begin(), forward.examples(step).end());
  const auto direct = jump.examples(16);
  CHECK(std::equal(direct.begin(), direct.end(), last.begin(), last.end()));
}

TEST_CASE("the number of steps is transformers'") {
  const auto steps = [](index_t examples, double epochs, index_t max_steps) {
    return StepPlan(examples, {.num_train_epochs = epochs, .max_steps = max_steps}).max_steps();
  };
  CHECK(steps(50, 3, -1) == 21);
  CHECK(steps(50, 0.5, -1) == 4);
  CHECK(steps(50, 3, 5) == 5);
  CHECK(steps(1, 1, -1) == 1);
  CHECK(StepPlan(50, {.max_steps = 8}).num_train_epochs() == 2);
  CHECK(StepPlan(50, {}).epochs_after(14) == 2);
  CHECK(StepPlan(50, {}).ends_epoch(14));
  CHECK_FALSE(StepPlan(50, {}).ends_epoch(15));
  CHECK_THROWS_AS(StepPlan(0, {}), ValueError);
}

}  // namespace
