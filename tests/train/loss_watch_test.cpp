#include <doctest/doctest.h>

#include <limits>

#include <minibert/train/loss_watch.hpp>

using namespace minibert;

namespace {

StepResult step_with(double loss, index_t items) {
  StepResult step;
  step.loss = loss;
  step.num_items = items;
  step.num_examples = 4;
  return step;
}

}  // namespace

TEST_CASE("a loss far above the first one causes one warning that names learning_rate") {
  LossWatch watch;
  watch.add(step_with(8, 3));
  CHECK(watch.check_training(16, 0.5) == "");
  CHECK(watch.check_evaluation(20, 0.5) == "");
  CHECK(watch.check_training(800, 0.5) ==
        "warning: training diverges: the loss was 8 at first and is 800 now; lower learning_rate, which is 0.5, or "
        "lengthen the warm-up (warmup_steps)");
  CHECK(watch.check_training(900, 0.5) == "");
}

TEST_CASE("a resumed run compares with the first loss of its log") {
  LossWatch watch;
  watch.resume(Json::Array{Json::Object{{"eval_loss", 9.0}}, Json::Object{{"loss", 8.0}}, Json::Object{{"loss", 1.0}}});
  watch.add(step_with(0.1, 3));
  CHECK(watch.check_training(3, 0.5) == "");
  CHECK(watch.check_training(18, 0.5) != "");
}

TEST_CASE("training without an item is warned of, and in the end an error") {
  LossWatch watch;
  CHECK_NOTHROW(watch.check_has_items());
  watch.add(step_with(0, 0));
  CHECK(watch.check_training(0, 0.5).find("none has an item that counts for the loss") != std::string::npos);
  CHECK_THROWS_WITH_AS(watch.check_has_items(), doctest::Contains("[UNK]"), ValueError);
  watch.add(step_with(5, 1));
  CHECK_NOTHROW(watch.check_has_items());
}
