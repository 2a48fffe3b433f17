// A training run of a toy model, for the tests of the trainer.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/data/collator.hpp>
#include <minibert/io/file.hpp>
#include <minibert/train/trainer.hpp>

#include "support/error_of.hpp"
#include "support/number_lines.hpp"
#include "support/toy_model.hpp"

namespace minibert::testing {

inline constexpr index_t kVocab = 30;

/// A trainer with model and data: 50 lines to train on (7 steps of 8 lines per epoch), and 12 lines for evaluation.
struct Run {
  TextDataset train = number_lines(50), eval = number_lines(12);
  DataCollatorForLanguageModeling collator{NumberTokenizer(kVocab)};
  ToyModel<float> model{kVocab};
  Trainer<ToyModel<float>, DataCollatorForLanguageModeling> trainer;
  std::vector<std::string> notices;

  explicit Run(TrainingArguments args) : trainer(model, std::move(args), collator, train, &eval) {
    trainer.notice = [this](std::string_view text) { notices.emplace_back(text); };
    trainer.provenance["text"] = train.fingerprint();
  }
};

/// Returns arguments for twenty steps with all features on: accumulation, warm-up, logging, evaluation, checkpoints.
inline TrainingArguments busy(const std::filesystem::path& folder) {
  return {.output_dir = folder,
          .per_device_train_batch_size = 4,
          .gradient_accumulation_steps = 2,
          .learning_rate = 0.05,
          .weight_decay = 0.1,
          .max_steps = 20,
          .warmup_steps = 0.2,
          .logging_steps = 4,
          .eval_strategy = IntervalStrategy::steps,
          .eval_steps = 5,
          .save_steps = 3,
          .load_best_model_at_end = true};
}

/// Calls f at the end of every step.
struct AtStep : TrainerCallback {
  std::function<void(TrainerContext)> f;
  explicit AtStep(std::function<void(TrainerContext)> function) : f(std::move(function)) {}
  void on_step_end(TrainerContext context) override { f(context); }
};

inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const std::filesystem::path& entry : io::list_folder(folder)) names.push_back(entry.filename().string());
  return names;
}

/// Trains. Returns the message of the error, or "accepted".
template <class E>
std::string refusal(Run& run) {
  return testing::error_of<E>([&] { run.trainer.train(); });
}

}  // namespace minibert::testing
