#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include <minibert/train/argument_fields.hpp>
#include <minibert/train/training_arguments.hpp>

#include "support/error_of.hpp"

namespace {

using namespace minibert;

std::string refusal(const TrainingArguments& args) {
  return testing::error_of<ValueError>([&] { args.validate(); });
}

TEST_CASE("the defaults are those of transformers") {
  const TrainingArguments args{.output_dir = "out"};
  CHECK(refusal(args) == "accepted");
  CHECK(args.to_json().dump() ==
        R"({"per_device_train_batch_size":8,"per_device_eval_batch_size":8,"gradient_accumulation_steps":1,)"
        R"("max_tokens_per_batch":0,"max_tokens_per_pass":1280,"train_sampling_strategy":"random",)"
        R"("learning_rate":5e-05,"weight_decay":0.0,"adam_beta1":0.9,"adam_beta2":0.999,"adam_epsilon":1e-08,)"
        R"("max_grad_norm":1.0,"num_train_epochs":3.0,"max_steps":-1,"lr_scheduler_type":"linear","warmup_steps":0.0,)"
        R"("logging_steps":500,"logging_first_step":false,"eval_strategy":"no","eval_steps":null,)"
        R"("save_strategy":"steps","save_steps":500,"save_total_limit":2,"load_best_model_at_end":false,)"
        R"("metric_for_best_model":"loss","greater_is_better":null,"max_prediction_bytes":1073741824,)"
        R"("seed":"42","bf16":false})");
}

TEST_CASE("values out of range are refused; the error names the argument") {
  CHECK(refusal({}) == "accepted");  // an empty output_dir: nothing is written
  CHECK(refusal({.resume_from_checkpoint = std::filesystem::path()}) ==
        "resume_from_checkpoint and output_dir are both empty, expected a path in one of them");
  CHECK(refusal({.output_dir = "o", .max_prediction_bytes = -1}) == "max_prediction_bytes is -1, expected 0 or more");
  CHECK(refusal({.output_dir = "o", .per_device_train_batch_size = 0}) ==
        "per_device_train_batch_size is 0, expected 1 or more");
  CHECK(refusal({.output_dir = "o", .gradient_accumulation_steps = -1}) ==
        "gradient_accumulation_steps is -1, expected 1 or more");
  CHECK(refusal({.output_dir = "o",
                 .per_device_train_batch_size = index_t{1} << 40,
                 .gradient_accumulation_steps = index_t{1} << 40})
            .find("too large") != std::string::npos);
  CHECK(refusal({.output_dir = "o", .max_tokens_per_batch = -1}) == "max_tokens_per_batch is -1, expected 0 or more");
  CHECK(refusal({.output_dir = "o", .max_tokens_per_pass = -1}) == "max_tokens_per_pass is -1, expected 0 or more");
  CHECK(refusal({.output_dir = "o", .learning_rate = std::nan("")}).starts_with("learning_rate is nan"));
  CHECK(refusal({.output_dir = "o", .max_grad_norm = -1}) == "max_grad_norm is -1, expected 0 or more");
  CHECK(refusal({.output_dir = "o", .num_train_epochs = 0}) == "num_train_epochs is 0, expected more than 0");
  CHECK(refusal({.output_dir = "o", .max_steps = 0}) ==
        "max_steps is 0, expected 1 or more, or -1 to train for num_train_epochs");
  CHECK(refusal({.output_dir = "o", .warmup_steps = -0.5}) == "warmup_steps is -0.5, expected 0 or more");
  CHECK(refusal({.output_dir = "o", .eval_steps = 0}) == "eval_steps is 0, expected 1 or more");
  CHECK(refusal({.output_dir = "o", .load_best_model_at_end = true}) ==
        "load_best_model_at_end needs evaluations, but eval_strategy is no: set it to steps or epoch");
}

TEST_CASE("to_json lists every argument under its own name") {
  // A change of a member changes the entry of its name, and no other entry.
  const Json before = TrainingArguments{}.to_json();
  train_detail::for_each_argument([&](const auto& field) {
    TrainingArguments args;
    auto& member = args.*field.member;
    using Member = std::remove_cvref_t<decltype(member)>;
    if constexpr (std::is_arithmetic_v<Member>) {
      member = static_cast<Member>(member == Member{} ? 1 : 0);
      const Json after = args.to_json();
      for (const Json::Member& entry : before.as_object()) {
        INFO(field.name, " ", entry.first);
        CHECK((after.at(entry.first) == entry.second) == (entry.first != field.name));
      }
    }
  });
}

TEST_CASE("greater_is_better defaults to the direction that the metric's name implies") {
  TrainingArguments args{.output_dir = "o"};
  CHECK(args.best_metric_key() == "eval_loss");
  CHECK(args.is_better(1, 2));
  args.metric_for_best_model = "eval_accuracy";
  CHECK(args.best_metric_key() == "eval_accuracy");
  CHECK(args.is_better(2, 1));
  args.greater_is_better = false;
  CHECK(args.is_better(1, 2));
  CHECK_FALSE(args.is_better(2, 2));
}

}  // namespace
