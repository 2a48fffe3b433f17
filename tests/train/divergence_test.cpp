// Losses, gradients and metrics that are not finite.
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/ops/functional.hpp>
#include <minibert/train/early_stopping.hpp>
#include <minibert/train/trainer.hpp>

#include "support/test_data.hpp"
#include "support/toy_run.hpp"

namespace {

using namespace minibert;
using testing::AtStep;
using testing::busy;
using testing::kVocab;
using testing::refusal;
using testing::Run;
using testing::TemporaryDirectory;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The toy model with a term √p: at p = 0 the loss is finite and its gradient is not.
struct RootModel : testing::ToyModel<float> {
  RootModel() : testing::ToyModel<float>(kVocab), root(this->scope().declare({.name = "root", .shape = {1}})) {
    root->data[0] = 100;
  }
  Output forward(Tape<float>& tape, const MaskedLMBatch& batch, const nn::StepContext& context) const {
    Output output = testing::ToyModel<float>::forward(tape, batch, context);
    output.loss = output.loss + functional::sum(functional::sqrt(tape.parameter(*root)));
    return output;
  }
  Parameter<float>* root;
};

TEST_CASE("a loss that is not finite names the op, the argument to change and the newest checkpoint") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  std::vector<float> weights;
  run.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (context.state.global_step != 4) return;
    for (index_t id = 5; id < kVocab; ++id) run.model.parameters().back()->data[id] = 3e38f;
    weights = run.model.values();
  }));
  const std::string message = refusal<Error>(run);
  CHECK(message.starts_with("step 5: the loss is "));
  CHECK(message.find("(toy has ") != std::string::npos);
  CHECK(message.find("lower learning_rate than 0.05") != std::string::npos);
  CHECK(message.find("those after step 4") != std::string::npos);
  CHECK(message.ends_with("out/checkpoint-3"));
  CHECK(run.model.values() == weights);
}

TEST_CASE("a gradient that is not finite names the op whose backward step made it, and changes no weight") {
  const TextDataset train = testing::number_lines(50);
  const DataCollatorForLanguageModeling collator{testing::NumberTokenizer(kVocab)};
  RootModel model;
  TrainingArguments args = busy("");
  args.eval_strategy = IntervalStrategy::no;
  args.load_best_model_at_end = false;
  Trainer trainer(model, args, collator, train);
  std::vector<float> weights;
  trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (context.state.global_step != 2 || !weights.empty()) return;
    model.root->data[0] = 0;
    weights = model.values();
  }));
  CHECK_THROWS_WITH_AS(trainer.train(),
                       doctest::Contains("(backward of sqrt: the gradient of parameter root has inf at "
                                         "element 0 of shape (1))"),
                       Error);
  CHECK(model.values() == weights);
  model.root->data[0] = 100;
  CHECK(trainer.train().global_step == 20);  // the search has left nothing switched on
}

TEST_CASE("evaluating an untrained model with damaged weights says nothing of learning rates") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  for (index_t id = 5; id < kVocab; ++id) run.model.parameters().back()->data[id] = static_cast<float>(kNan);
  std::string message;
  try {
    run.trainer.evaluate();
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("check the weights") != std::string::npos);
  CHECK(message.find("learning_rate") == std::string::npos);
}

TEST_CASE("a metric that is not finite is never the best") {
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  args.metric_for_best_model = "score";
  for (const bool greater : {false, true}) {
    args.greater_is_better = greater;
    Run run(args);
    const std::vector<double> scores = {kNan, 2, kInfinity, -kInfinity};
    std::size_t evaluations = 0;
    run.trainer.compute_loss_metrics = [&](const EvaluationResult&) {
      return Json(Json::Object{{"score", scores.at(evaluations++)}});
    };
    run.trainer.train();
    CHECK(evaluations == 4);
    CHECK(*run.trainer.state().best_metric == 2);
    CHECK(*run.trainer.state().best_global_step == 10);
  }
  args.metric_for_best_model = "absent";
  Run run(args);
  CHECK(refusal<ValueError>(run).find("the evaluation has no eval_absent, only ") != std::string::npos);
}

TEST_CASE("a metric that is not finite is no improvement for early stopping") {
  EarlyStoppingCallback callback(2);
  TrainingArguments args;
  args.load_best_model_at_end = true;
  const TrainerState state;
  const StepResult step;
  TrainerControl control;
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(control.should_training_stop);
    callback.on_evaluate({args, state, step, control}, Json::Object{{"eval_loss", kNan}});
  }
  CHECK(control.should_training_stop);
}

TEST_CASE("an evaluation without a masked token is an error that says why") {
  const TextDataset train = testing::number_lines(50), eval = testing::number_lines(3);
  const DataCollatorForLanguageModeling collator{testing::NumberTokenizer(kVocab), {.mlm_probability = 0}};
  testing::ToyModel<float> model(kVocab);
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  Trainer trainer(model, args, collator, train, &eval);
  std::vector<std::string> notices;
  trainer.notice = [&](std::string_view text) { notices.emplace_back(text); };
  CHECK_THROWS_WITH_AS(trainer.evaluate(), doctest::Contains("the dataset has 3 examples, and none has an item"),
                       ValueError);
  CHECK_THROWS_AS(trainer.predict(eval), ValueError);
  CHECK_THROWS_AS(trainer.train(), ValueError);
  args.eval_strategy = IntervalStrategy::no;
  Trainer only_training(model, args, collator, train);
  only_training.notice = trainer.notice;
  notices.clear();
  CHECK_THROWS_WITH_AS(only_training.train(), doctest::Contains("training had 148 examples, and none"), ValueError);
  REQUIRE(notices.size() == 1);
  CHECK(notices.front().find("training has had 32 examples so far") != std::string::npos);
}

TEST_CASE("training that diverges to a finite loss is noticed") {
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  args.learning_rate = 50;
  args.max_grad_norm = 0;
  Run run(args);
  CHECK(refusal<Error>(run) == "accepted");
  REQUIRE(!run.notices.empty());
  CHECK(run.notices.front().starts_with("warning: training diverges: the loss was "));
}

}  // namespace
