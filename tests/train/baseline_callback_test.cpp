#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <minibert/train/baseline_callback.hpp>

namespace {

using namespace minibert;

/// Returns the warnings of a run of 100 steps with these losses at steps 25, 50, 75 and 100, and a baseline of 6.8.
std::vector<std::string> warnings(const std::vector<double>& losses) {
  std::vector<std::string> said;
  BaselineCallback callback("word frequency", 6.8, [&](std::string_view text) { said.emplace_back(text); });
  const TrainingArguments args;
  const StepResult last_step;
  TrainerControl control;
  TrainerState state;
  state.max_steps = 100;
  for (const double loss : losses) {
    state.global_step += 25;
    callback.on_evaluate({args, state, last_step, control}, Json::Object{{"eval_loss", loss}});
  }
  callback.on_train_end({args, state, last_step, control});
  return said;
}

TEST_CASE("a model no better than the baseline causes a warning half-way and at the end") {
  CHECK(
      warnings({7.3, 6.9, 6.8, 6.79}) ==
      std::vector<std::string>{
          "warning: half-way, the model is no better than word frequency (evaluation loss 6.900, baseline 6.800); it "
          "may need more steps or another learning rate",
          "warning: the model is less than 1 % better than word frequency (evaluation loss 6.790, baseline 6.800); it "
          "may need more steps or another learning rate"});
}

TEST_CASE("a warning says no better only if the loss is no lower") {
  CHECK(warnings({6.8, 6.8, 6.8, 6.8}).back().find("is no better than word frequency") != std::string::npos);
  CHECK(warnings({6.8, 6.8, 6.8, 6.799}).back().find("is less than 1 % better than") != std::string::npos);
}

TEST_CASE("a model better than the baseline causes no warning") {
  CHECK(warnings({7.3, 6.5, 6.2, 6.0}).empty());
  CHECK(warnings({7.3, 6.9, 6.2, 6.0}).size() == 1);
  CHECK(warnings({}).empty());
}

TEST_CASE("an interruption is no end, and a resumed run does not repeat the warning half-way") {
  std::vector<std::string> said;
  const auto notice = [&](std::string_view text) { said.emplace_back(text); };
  const TrainingArguments args;
  const StepResult last_step;
  TrainerControl control;
  TrainerState state;
  state.max_steps = 100;
  state.global_step = 50;
  BaselineCallback first("word frequency", 6.8, notice);
  first.on_evaluate({args, state, last_step, control}, Json::Object{{"eval_loss", 7.0}});
  CHECK(said.size() == 1);
  first.on_train_end({args, state, last_step, control});  // interrupted
  CHECK(said.size() == 1);
  BaselineCallback second("word frequency", 6.8, notice);
  second.load_state(first.state());
  state.global_step = 75;
  second.on_evaluate({args, state, last_step, control}, Json::Object{{"eval_loss", 7.0}});
  CHECK(said.size() == 1);
  BaselineCallback third("word frequency", 6.8, notice);
  third.load_state(second.state());
  state.global_step = 100;
  third.on_train_end({args, state, last_step, control});
  REQUIRE(said.size() == 2);
  CHECK(said.back().find("evaluation loss 7.000") != std::string::npos);
}

}  // namespace
