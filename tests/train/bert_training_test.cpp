// Tests the trainer with a BERT, for properties that the toy model of the other tests does not have.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/train/trainer.hpp>

#include "support/number_lines.hpp"
#include "support/reference.hpp"
#include "support/test_data.hpp"
#include "support/tiny_bert.hpp"

namespace {

using namespace minibert;
using testing::number_lines;
using testing::NumberTokenizer;

BertConfig config_with_dropout() {
  BertConfig config = testing::tiny_config();
  config.vocab_size = 30;
  config.max_position_embeddings = 16;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
  return config;
}

TEST_CASE_TEMPLATE("accumulated gradients of BERT equal the gradient of one batch, including dropout and masks", T,
                   float, double) {
  using Model = BasicBertForMaskedLM<T>;
  const TextDataset dataset = number_lines(24);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30));
  std::vector<index_t> examples(24);
  std::iota(examples.begin(), examples.end(), index_t{0});
  const auto gradient = [&](index_t batch_size) {
    Model model(config_with_dropout(), 1);
    PassCollator passes(collator, dataset, 0);
    Tape<T> tape;
    accumulate_gradients(model, tape, passes.collate(testing::in_batches(examples, batch_size), 0), 1, 3);
    std::vector<T> values;
    for (const Parameter<T>* p : model.parameters()) {
      REQUIRE(p->has_grad);
      values.insert(values.end(), p->grad, p->grad + p->numel());
    }
    return values;
  };
  const std::vector<T> whole = gradient(24);
  REQUIRE(*std::max_element(whole.begin(), whole.end()) > 0.01);
  for (const index_t size : {1, 5, 8})
    CHECK(reference::relative_error(gradient(size), whole) < (sizeof(T) == 4 ? 1e-5 : 1e-12));
}

std::vector<float> weights_of(BertForMaskedLM& model) {
  std::vector<float> weights;
  for (const Parameter<float>* p : model.parameters()) weights.insert(weights.end(), p->data, p->data + p->numel());
  return weights;
}

/// Ends a run abruptly: throws after a step.
struct Stop : TrainerCallback {
  struct Reached {};
  index_t step;
  explicit Stop(index_t last_step) : step(last_step) {}
  void on_step_end(TrainerContext context) override {
    if (context.state.global_step == step) throw Reached();
  }
};

/// Returns the weights after 12 steps of BERT with dropout. With stop_after, the run is stopped after that step and
/// resumed.
std::vector<float> trained(const std::filesystem::path& folder, std::optional<index_t> stop_after = std::nullopt) {
  const TextDataset dataset = number_lines(40);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30));
  TrainingArguments args{.output_dir = folder,
                         .per_device_train_batch_size = 3,
                         .gradient_accumulation_steps = 2,
                         .learning_rate = 0.01,
                         .weight_decay = 0.1,
                         .max_steps = 12,
                         .warmup_steps = 2,
                         .save_steps = 1};
  std::vector<std::string> notices;
  const auto run = [&](index_t stop) {
    BertForMaskedLM model(config_with_dropout(), 1);
    Trainer trainer(model, args, collator, dataset);
    trainer.notice = [&](std::string_view text) { notices.emplace_back(text); };
    trainer.add_callback(std::make_shared<Stop>(stop));
    const TrainOutput output = trainer.train();  // not in a CHECK, which would swallow what it throws
    CHECK(output.global_step == 12);
    return weights_of(model);
  };
  if (!stop_after) return run(-1);
  CHECK_THROWS_AS(run(*stop_after), Stop::Reached);
  args.resume_from_checkpoint = std::filesystem::path();
  const std::vector<float> weights = run(-1);
  REQUIRE(notices.size() == 1);
  // The callback ends the run before the trainer writes the checkpoint of step `*stop_after`. So the last checkpoint is
  // of the step before.
  CHECK(notices[0].ends_with(core::concat(": ", *stop_after - 1, " of 12 steps are done")));
  return weights;
}

TEST_CASE("BERT resumed within an epoch ends with the same bits as an uninterrupted run") {
  const testing::TemporaryDirectory folder;
  const std::vector<float> whole = trained(folder / "whole");
  BertForMaskedLM untrained(config_with_dropout(), 1);
  REQUIRE(whole.size() == static_cast<std::size_t>(untrained.num_parameters()));
  CHECK(whole != weights_of(untrained));
  CHECK(trained(folder / "stopped at 3", 3) == whole);
  CHECK(trained(folder / "stopped at 9", 9) == whole);
}

/// Returns the losses of an evaluation, of each of 12 steps, and of a last evaluation.
std::vector<double> losses(const std::filesystem::path& folder, bool bf16) {
  struct Losses : TrainerCallback {
    std::vector<double> values;
    void on_step_end(TrainerContext context) override { values.push_back(context.last_step.loss); }
  };
  const TextDataset dataset = number_lines(40);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30));
  BertForMaskedLM model(config_with_dropout(), 1);
  Trainer trainer(model, {.output_dir = folder, .learning_rate = 0.003, .max_steps = 12, .bf16 = bf16}, collator,
                  dataset, &dataset);
  trainer.notice = [](std::string_view) {};
  const auto callback = std::make_shared<Losses>();
  trainer.add_callback(callback);
  callback->values.push_back(trainer.evaluate().at("eval_loss").as_number());
  trainer.train();
  callback->values.push_back(trainer.evaluate().at("eval_loss").as_number());
  return callback->values;
}

TEST_CASE("BERT in bf16 has the losses of float, except for rounding") {
  const testing::TemporaryDirectory folder;
  const auto full = losses(folder / "float", false), low = losses(folder / "bf16", true);
  REQUIRE(full.size() == 14);
  CHECK(full.back() < full.front());
  CHECK(reference::relative_error(low, full) < 1e-2);
  for (std::size_t i = 0; i < full.size(); ++i) CHECK(low[i] != full[i]);
}

}  // namespace
