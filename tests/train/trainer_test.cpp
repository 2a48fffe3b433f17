#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <minibert/optim/adamw.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/early_stopping.hpp>
#include <minibert/train/interrupt_handler.hpp>
#include <minibert/train/output_dir.hpp>
#include <minibert/train/trainer.hpp>

#include "support/test_data.hpp"
#include "support/toy_run.hpp"

namespace {

using namespace minibert;
using testing::AtStep;
using testing::busy;
using testing::kVocab;
using testing::names_in;
using testing::refusal;
using testing::Run;
using testing::TemporaryDirectory;
using testing::ToyModel;
namespace fs = std::filesystem;

/// Makes the model worse after each step from the tenth on.
void spoil_from_step_10(Run& run) {
  run.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (context.state.global_step >= 10)
      for (index_t id = 5; id < kVocab; ++id) run.model.parameters().back()->data[id] += 1.0f;
  }));
}

/// Returns the log without the values that depend on the clock.
Json timeless(const Json& log_history) {
  Json entries = Json::array();
  for (const Json& entry : log_history.as_array()) {
    Json kept = Json::object();
    for (const Json::Member& member : entry.as_object())
      if (member.first.find("runtime") == std::string::npos && member.first.find("per_second") == std::string::npos)
        kept[member.first] = member.second;
    entries.as_array().push_back(std::move(kept));
  }
  return entries;
}

TEST_CASE("training lowers the loss and logs the same keys as transformers") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  const TrainOutput output = run.trainer.train();
  CHECK(output.global_step == 20);
  CHECK(run.trainer.state().epoch == doctest::Approx(20.0 / 7));
  CHECK(run.trainer.state().num_train_epochs == 3);
  const Json::Array& history = run.trainer.state().log_history.as_array();
  REQUIRE(history.size() == 5 + 4 + 1);
  CHECK(history.front().as_object().size() == 5);
  for (const char* key : {"epoch", "grad_norm", "learning_rate", "loss", "step"}) CHECK(history.front().find(key));
  CHECK(history[1].at("step").as_integer() == 5);
  for (const char* key : {"epoch", "eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second"})
    CHECK(history[1].find(key));
  for (const char* key : {"train_loss", "train_runtime", "train_samples_per_second", "total_flos", "step"})
    CHECK(history.back().find(key));
  CHECK(history.back().at("train_loss").as_number() == output.training_loss);
  // The learning rate in a log entry is the rate of the entry's step: warm-up of 4 steps, then linear to 0.
  CHECK(history.front().at("learning_rate").as_number() == doctest::Approx(0.05 * 3 / 4));
  CHECK(history[history.size() - 3].at("learning_rate").as_number() == doctest::Approx(0.05 * 1 / 16));
  CHECK(history[8].at("eval_loss").as_number() < history[1].at("eval_loss").as_number());
}

TEST_CASE("the mean of the logged losses is the training loss") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  const TrainOutput output = run.trainer.train();
  double sum = 0;
  for (const Json& entry : run.trainer.state().log_history.as_array())
    if (const Json* loss = entry.find("loss")) sum += loss->as_number();
  CHECK(sum / 5 == doctest::Approx(output.training_loss).epsilon(1e-12));
}

TEST_CASE("the newest two checkpoints and the best one are kept, complete and without leftovers") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  run.trainer.train();
  const std::string best = fs::path(*run.trainer.state().best_model_checkpoint).filename().string();
  std::vector<std::string> expected = {"checkpoint-18", "checkpoint-20", best, kTrainingLogName};
  std::sort(expected.begin(), expected.end());
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  CHECK(names_in(folder / "out") == expected);
  CHECK(names_in(folder / "out/checkpoint-20") == std::vector<std::string>{"checkpoint.json", "model.safetensors",
                                                                           "optimizer.safetensors",
                                                                           "trainer_state.json"});
}

TEST_CASE("the best model is loaded at the end") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  spoil_from_step_10(run);
  run.trainer.train();
  REQUIRE(*run.trainer.state().best_global_step == 5);
  const double best = *run.trainer.state().best_metric;
  CHECK(run.trainer.evaluate().at("eval_loss").as_number() == best);
}

TEST_CASE("a run resumed at any step ends with the same weights and the same log, to the bit") {
  const TemporaryDirectory folder;
  Run whole(busy(folder / "whole"));
  whole.trainer.train();
  for (const index_t stop : {1, 5, 7, 13, 19}) {
    const fs::path out = folder.path() / core::concat("stopped at ", stop);
    TrainingArguments args = busy(out);
    Run first(args);
    first.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
      context.control.should_save = context.control.should_save || context.state.global_step == stop;
      if (context.state.global_step == stop + 1) throw std::runtime_error("the power fails");
    }));
    CHECK_THROWS_AS(first.trainer.train(), std::runtime_error);
    args.resume_from_checkpoint = fs::path();
    args.save_steps = 7;  // save_steps may change on resume
    Run second(args);
    second.trainer.train();
    REQUIRE(second.notices.size() >= 1);
    CHECK(second.notices.front() == core::concat("resuming from ", (out / core::concat("checkpoint-", stop)).string(),
                                                 ": ", stop, " of 20 steps are done"));
    CHECK(second.model.values() == whole.model.values());
    CHECK(timeless(second.trainer.state().log_history) == timeless(whole.trainer.state().log_history));
    CHECK(io::read_file(checkpoint_path(out, 20) / "model.safetensors") ==
          io::read_file(folder / "whole/checkpoint-20/model.safetensors"));
    CHECK(io::read_file(checkpoint_path(out, 20) / "optimizer.safetensors") ==
          io::read_file(folder / "whole/checkpoint-20/optimizer.safetensors"));
  }
}

TEST_CASE("a run with max_tokens_per_batch and group_by_length resumes within an epoch with the same bits") {
  const TemporaryDirectory folder;
  const auto arguments = [&](const char* name) {
    TrainingArguments args = busy(folder / name);
    args.max_tokens_per_batch = 30;
    args.train_sampling_strategy = SamplingStrategy::group_by_length;
    return args;
  };
  Run whole(arguments("whole"));
  index_t longest = 0;
  whole.trainer.add_callback(std::make_shared<AtStep>(
      [&](TrainerContext context) { longest = std::max(longest, context.last_step.num_tokens); }));
  whole.trainer.train();
  CHECK(longest <= 60);
  CHECK(longest > 50);
  CHECK(whole.trainer.state().num_input_tokens_seen < 20 * 60);
  TrainingArguments args = arguments("stopped");
  Run first(args);
  first.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (context.state.global_step == 11) throw std::runtime_error("the power fails");
  }));
  CHECK_THROWS_AS(first.trainer.train(), std::runtime_error);
  args.resume_from_checkpoint = fs::path();
  Run second(args);
  second.trainer.train();
  CHECK(second.notices.front().starts_with("resuming from "));
  CHECK(second.model.values() == whole.model.values());
  args.max_tokens_per_batch = 31;
  Run other(args);
  CHECK(refusal<ValueError>(other).find("a different max_tokens_per_batch: found 31, expected 30") !=
        std::string::npos);
}

TEST_CASE("a run killed while writing a checkpoint resumes from the previous checkpoint") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.max_steps = 6;
  Run(args).trainer.train();
  // Leftovers of a run killed while writing checkpoint-9 and while removing checkpoint-3.
  io::make_directories(folder / "out/.checkpoint-9.tmp");
  io::write_file(folder / "out/.checkpoint-9.tmp/model.safetensors", "half");
  io::make_directories(folder / "out/.checkpoint-3.removing");
  // A checkpoint that was copied in part: checkpoint.json is missing.
  io::make_directories(folder / "out/checkpoint-12");
  io::write_file(folder / "out/checkpoint-12/model.safetensors", "half");
  args.max_steps = 7;
  args.resume_from_checkpoint = fs::path();
  Run run(args);
  run.trainer.train();
  CHECK(run.notices.front().find("checkpoint-6: 6 of 7") != std::string::npos);
  for (const std::string& name : names_in(folder / "out")) CHECK_FALSE(name.starts_with("."));
}

TEST_CASE("a damaged checkpoint is refused; the error names the file") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.max_steps = 3;
  Run(args).trainer.train();
  args.resume_from_checkpoint = fs::path();
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "trainer_state.json"}) {
    const fs::path file = folder / "out/checkpoint-3" / name;
    const std::string good = io::read_file(file);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    io::write_file(file, bad);
    Run run(args);
    CHECK(refusal<FormatError>(run).find(core::concat("checkpoint-3: ", name, " is damaged")) != std::string::npos);
    fs::remove(file);
    CHECK(refusal<IoError>(run).find(file.string()) != std::string::npos);
    io::write_file(file, good);
  }
}

TEST_CASE("a checkpoint of another run is refused, naming the difference; max_steps, logging and saving may differ") {
  const TemporaryDirectory folder;
  TrainingArguments original = busy(folder / "out");
  original.max_steps = 3;
  Run(original).trainer.train();
  const auto outcome = [&](auto change) {
    TrainingArguments args = original;
    args.resume_from_checkpoint = fs::path();
    change(args);
    Run run(args);
    return refusal<ValueError>(run);
  };
  CHECK(outcome([](TrainingArguments& a) {
          a.learning_rate = 0.01;
        }).find("cannot resume with a different learning_rate: found 0.01, expected 0.05 as in the checkpoint") !=
        std::string::npos);
  CHECK(outcome([](TrainingArguments& a) { a.seed = 1; }).find("a different seed") != std::string::npos);
  CHECK(outcome([](TrainingArguments& a) {
          a.per_device_train_batch_size = 8, a.gradient_accumulation_steps = 1;
        }).find("a different per_device_train_batch_size") != std::string::npos);
  CHECK(outcome([](TrainingArguments& a) { a.max_steps = 4, a.logging_steps = 1, a.save_steps = 2; }) == "accepted");

  TrainingArguments args = original;
  args.resume_from_checkpoint = folder / "out/checkpoint-3";
  Run other_text(args);
  other_text.trainer.provenance["text"] = "0000000000000000";
  CHECK(refusal<ValueError>(other_text).find("a different text: found \"0000000000000000\"") != std::string::npos);
  Run more(args);
  more.trainer.provenance["model"] = Json::Object{{"hidden_size", 8}};
  CHECK(refusal<ValueError>(more).find("a different model: found {\"hidden_size\":8}, expected none") !=
        std::string::npos);
}

TEST_CASE("a used output folder is neither resumed nor overwritten unless requested") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.max_steps = 3;
  Run(args).trainer.train();
  Run again(args);
  CHECK(refusal<ValueError>(again).find("is not empty (it contains checkpoint-3)") != std::string::npos);
  args.overwrite_output_dir = true;
  args.save_strategy = IntervalStrategy::no;
  args.load_best_model_at_end = false;
  Run(args).trainer.train();
  CHECK(names_in(folder / "out") == std::vector<std::string>{kTrainingLogName});
}

TEST_CASE("resuming without a checkpoint starts from the beginning, with a notice") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.resume_from_checkpoint = fs::path();
  args.max_steps = 2;
  Run run(args);
  CHECK(run.trainer.train().global_step == 2);
  CHECK(run.notices.front() ==
        core::concat("no checkpoint in ", (folder / "out").string(), ": training starts from the beginning"));
}

TEST_CASE("the log has one JSON object per line and survives a crash") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  run.trainer.add_callback(std::make_shared<AtStep>([](TrainerContext context) {
    if (context.state.global_step == 9) throw std::runtime_error("a crash");
  }));
  CHECK_THROWS_AS(run.trainer.train(), std::runtime_error);
  const std::string log = io::read_file(folder / "out" / kTrainingLogName);
  std::vector<index_t> steps;
  for (std::size_t begin = 0, end; (end = log.find('\n', begin)) != std::string::npos; begin = end + 1)
    steps.push_back(Json::parse(log.substr(begin, end - begin), "log").at("step").as_integer());
  CHECK(steps == std::vector<index_t>{0, 4, 5, 8});
}

TEST_CASE("a signal ends training with a checkpoint, and a notice tells how to resume") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  Run whole(busy(folder / "whole"));
  whole.trainer.train();
  {
    const InterruptHandler handler;
    Run run(args);
    run.trainer.add_callback(std::make_shared<AtStep>([](TrainerContext context) {
      if (context.state.global_step == 8) ::raise(SIGTERM);
    }));
    const TrainOutput output = run.trainer.train();
    CHECK(output.interrupted);
    CHECK(output.global_step == 8);
    CHECK(run.notices.back().find("stopped at step 8 of 20") != std::string::npos);
    CHECK(run.notices.back().find("set resume_from_checkpoint to go on") != std::string::npos);
  }
  const InterruptHandler fresh;
  CHECK_FALSE(InterruptHandler::requested());
  args.resume_from_checkpoint = fs::path();
  Run resumed(args);
  CHECK_FALSE(resumed.trainer.train().interrupted);
  CHECK(resumed.model.values() == whole.model.values());
}

TEST_CASE("early stopping stops after a number of evaluations without improvement, also across a resume") {
  const TemporaryDirectory folder;
  const auto arguments = [&](const char* name) {
    TrainingArguments args = busy(folder / name);
    args.eval_steps = 1;
    return args;
  };
  Run whole(arguments("whole"));
  spoil_from_step_10(whole);
  whole.trainer.add_callback(std::make_shared<EarlyStoppingCallback>(3));
  CHECK(whole.trainer.train().global_step == 12);
  CHECK(*whole.trainer.state().best_global_step == 9);
  TrainingArguments args = arguments("resumed");
  Run first(args);
  spoil_from_step_10(first);
  first.trainer.add_callback(std::make_shared<EarlyStoppingCallback>(3));
  first.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    context.control.should_save = true;
    if (context.state.global_step == 12) throw std::runtime_error("a crash");
  }));
  CHECK_THROWS_AS(first.trainer.train(), std::runtime_error);
  args.resume_from_checkpoint = fs::path();
  Run second(args);
  spoil_from_step_10(second);
  second.trainer.add_callback(std::make_shared<EarlyStoppingCallback>(3));
  CHECK(second.trainer.train().global_step == 12);
}

TEST_CASE("evaluation is repeatable and does not depend on the batch size") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  Run run(args);
  run.trainer.compute_loss_metrics = [](const EvaluationResult& result) {
    return Json(Json::Object{{"perplexity", std::exp(result.loss)}});
  };
  const Json metrics = run.trainer.evaluate();
  const double loss = metrics.at("eval_loss").as_number();
  CHECK(metrics.at("eval_perplexity").as_number() == std::exp(loss));
  CHECK(run.trainer.evaluate().at("eval_loss").as_number() == loss);
  for (const index_t size : {1, 5, 100}) {
    args.per_device_eval_batch_size = size;
    CHECK(Run(args).trainer.evaluate().at("eval_loss").as_number() == doctest::Approx(loss).epsilon(1e-6));
  }
}

TEST_CASE("compute_metrics receives all predictions and labels, in the order of the dataset") {
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  args.per_device_eval_batch_size = 5;
  Run run(args);
  index_t rows = 0;
  run.trainer.compute_metrics = [&](const EvalPrediction<float>& found) -> Json {
    rows = found.predictions.size(0);
    CHECK(core::length(found.label_ids) == rows);
    double square = 0;  // the toy model's logits are its errors; its loss is half their mean square
    for (index_t i = 0; i < rows; ++i) square += std::pow(static_cast<double>(found.predictions.data()[i]), 2);
    return Json::Object{{"half_mean_square", square / static_cast<double>(2 * rows)}};
  };
  const Json metrics = run.trainer.evaluate();
  CHECK(rows > 2);
  CHECK(metrics.at("eval_half_mean_square").as_number() ==
        doctest::Approx(metrics.at("eval_loss").as_number()).epsilon(1e-5));
  const auto predicted = run.trainer.predict(run.eval);
  CHECK(predicted.predictions.predictions.size(0) == rows);
  CHECK(predicted.metrics.at("test_loss").as_number() == metrics.at("eval_loss").as_number());
  CHECK(predicted.metrics.find("test_half_mean_square") != nullptr);
}

TEST_CASE("max_prediction_bytes bounds the predictions; preprocess_logits_for_metrics can reduce them first") {
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  args.max_prediction_bytes = 20;  // the reduced predictions and their labels take exactly these
  Run run(args);
  CHECK_THROWS_WITH_AS(run.trainer.predict(run.eval), doctest::Contains("max_prediction_bytes"), ValueError);
  CHECK_NOTHROW(run.trainer.evaluate());  // keeps no predictions
  run.trainer.preprocess_logits_for_metrics = [](const Tensor<float>&) { return Tensor<float>(Shape{1}); };
  CHECK(run.trainer.predict(run.eval).predictions.predictions.shape() == Shape{2});  // one per batch
}

TEST_CASE("without output_dir nothing is written") {
  TrainingArguments args = busy("");
  CHECK_THROWS_WITH_AS(Run{args}, doctest::Contains("load_best_model_at_end needs checkpoints"), ValueError);
  args.load_best_model_at_end = false;
  Run run(args);
  CHECK(run.trainer.train().global_step == 20);
  CHECK_FALSE(fs::exists("checkpoint-20"));
  CHECK_FALSE(fs::exists(kTrainingLogName));
  CHECK_THROWS_WITH_AS(run.trainer.save_model(), "output_dir is empty: name a folder to save to", ValueError);
}

TEST_CASE("train() again starts from step 0, also after a callback stopped the first run") {
  TrainingArguments args = busy("");
  args.load_best_model_at_end = false;
  Run run(args);
  bool stops = true;
  run.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (stops && context.state.global_step == 3) context.control.should_training_stop = true;
  }));
  CHECK(run.trainer.train().global_step == 3);
  stops = false;
  const TrainOutput second = run.trainer.train();
  CHECK(second.global_step == 20);
  double sum = 0;
  for (const Json& entry : run.trainer.state().log_history.as_array())
    if (entry.find("loss") != nullptr) sum += 4 * entry.at("loss").as_number();
  CHECK(second.training_loss == doctest::Approx(sum / 20));
}

TEST_CASE("a user-defined optimizer and schedule are used; a run does not resume with another optimizer") {
  struct Sgd : optim::Optimizer<float> {
    explicit Sgd(ToyModel<float>& model) : parameters(model.parameters()) {}
    void step(double lr_factor, double gradient_scale) override {
      for (Parameter<float>* p : parameters)
        for (index_t i = 0; p->has_grad && i < p->numel(); ++i)
          p->data[i] -= static_cast<float>(0.01 * lr_factor * gradient_scale) * p->grad[i];
      factors.push_back(lr_factor);
    }
    void save(const fs::path& path) const override { io::write_file(path, "no state"); }
    void load(const fs::path& path) override { CHECK(io::read_file(path) == "no state"); }
    std::string name() const override { return "sgd"; }
    std::vector<Parameter<float>*> parameters;
    std::vector<double> factors;
  };
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.max_steps = 6;
  Run run(args);
  const auto sgd = std::make_shared<Sgd>(run.model);
  run.trainer.set_optimizer(sgd);
  run.trainer.set_lr_lambda([](index_t step) { return 1.0 / static_cast<double>(step + 1); });
  const std::vector<float> before = run.model.values();
  run.trainer.train();
  CHECK(run.model.values() != before);
  CHECK(sgd->factors == std::vector<double>{1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6});
  args.resume_from_checkpoint = fs::path();
  args.max_steps = 8;
  Run with_adamw(args);
  with_adamw.trainer.set_lr_lambda([](index_t step) { return 1.0 / static_cast<double>(step + 1); });
  CHECK(refusal<ValueError>(with_adamw).find("optimizer") != std::string::npos);
}

TEST_CASE("a run with an AdamW of its own resumes only with the same settings") {
  const TemporaryDirectory folder;
  TrainingArguments args = busy(folder / "out");
  args.max_steps = 6;
  const auto with = [](Run& run, double lr) {
    run.trainer.set_optimizer(
        std::make_shared<optim::AdamW<float>>(run.model.parameters(), optim::AdamWOptions{.lr = lr}));
  };
  Run run(args);
  with(run, 0.01);
  run.trainer.train();
  args.resume_from_checkpoint = fs::path();
  args.max_steps = 8;
  Run other(args);
  with(other, 0.02);
  CHECK(refusal<ValueError>(other).find("optimizer") != std::string::npos);
  Run same(args);
  with(same, 0.01);
  CHECK(same.trainer.train().global_step == 8);
}

TEST_CASE("a gradient that is not finite stops training and names the step") {
  const TemporaryDirectory folder;
  Run run(busy(folder / "out"));
  run.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (context.state.global_step == 2)
      for (index_t id = 5; id < kVocab; ++id) run.model.parameters().back()->data[id] = 3e38f;
  }));
  const std::string message = refusal<Error>(run);
  CHECK(message.starts_with("step 3: the "));
  CHECK(message.find("lower learning_rate") != std::string::npos);
}

TEST_CASE("any number of threads gives the same bits") {
  const TemporaryDirectory folder;
  const int before = num_threads();
  set_num_threads(1);
  Run one(busy(folder / "one"));
  one.trainer.train();
  set_num_threads(3);
  Run three(busy(folder / "three"));
  three.trainer.train();
  set_num_threads(before);
  CHECK(one.model.values() == three.model.values());
}

}  // namespace
