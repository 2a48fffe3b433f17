#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <minibert/io/file.hpp>
#include <minibert/train/loss_meter.hpp>
#include <minibert/train/trainer_state.hpp>
#include <minibert/train/training_log.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;

TEST_CASE("trainer_state.json has transformers' keys, sorted, and reads back") {
  TrainerState state;
  state.global_step = 8;
  state.epoch = 1.5;
  state.best_metric = 6.25;
  state.best_model_checkpoint = "out/checkpoint-8";
  state.log_history = Json::Array{Json::Object{{"loss", 7.5}, {"step", 8}}};
  state.stateful_callbacks = Json::Object{{"TrainerControl", to_json(TrainerControl{.should_save = true})}};
  const testing::TemporaryDirectory folder;
  state.save_to_json(folder / "trainer_state.json");
  const TrainerState back = TrainerState::load_from_json(folder / "trainer_state.json");
  CHECK(back.to_json() == state.to_json());
  CHECK(back.best_metric == 6.25);
  CHECK_FALSE(back.best_global_step.has_value());
  std::string keys;
  for (const Json::Member& member : state.to_json().as_object()) keys += member.first + " ";
  CHECK(keys ==
        "best_global_step best_metric best_model_checkpoint epoch eval_steps global_step is_hyper_param_search "
        "is_local_process_zero is_world_process_zero log_history logging_steps max_steps num_input_tokens_seen "
        "num_train_epochs save_steps stateful_callbacks total_flos train_batch_size trial_name trial_params ");
  CHECK(state.stateful_callbacks.dump() ==
        R"({"TrainerControl":{"args":{"should_epoch_stop":false,"should_evaluate":false,"should_log":false,)"
        R"("should_save":true,"should_training_stop":false},"attributes":{}}})");
}

TEST_CASE("numbers that are not finite are written, and read back") {
  const double infinity = std::numeric_limits<double>::infinity();
  TrainerState state;
  state.best_metric = infinity;
  state.log_history = Json::Array{Json::Object{{"eval_loss", 900.0}, {"eval_perplexity", std::exp(900.0)}},
                                  Json::Object{{"loss", -infinity}}, Json::Object{{"grad_norm", std::nan("")}}};
  const testing::TemporaryDirectory folder;
  state.save_to_json(folder / "trainer_state.json");
  const TrainerState back = TrainerState::load_from_json(folder / "trainer_state.json");
  CHECK(back.best_metric == infinity);
  CHECK(back.log_history.dump() ==
        R"([{"eval_loss":900.0,"eval_perplexity":Infinity},{"loss":-Infinity},{"grad_norm":NaN}])");
  {
    TrainingLog log(folder / "train_log.jsonl");
    for (const Json& entry : back.log_history.as_array()) log.append(entry);
  }
  CHECK(io::read_file(folder / "train_log.jsonl") ==
        "{\"eval_loss\":900.0,\"eval_perplexity\":Infinity}\n{\"loss\":-Infinity}\n{\"grad_norm\":NaN}\n");
  LossMeter meter;
  meter.add(infinity);
  LossMeter again = LossMeter::from_json(Json::parse(meter.to_json().dump(), "meter"));
  CHECK(again.mean() == infinity);
  CHECK(again.take_recent_mean() == infinity);
}

TEST_CASE("an invalid file is refused; the error names the file, and the key") {
  const testing::TemporaryDirectory folder;
  Json json = TrainerState().to_json();
  json["global_step"] = "eight";
  io::write_file(folder / "s.json", json.dump());
  CHECK_THROWS_WITH_AS(TrainerState::load_from_json(folder / "s.json"),
                       ((folder / "s.json").string() + ": global_step: expected an integer, found \"eight\"").c_str(),
                       FormatError);
  io::write_file(folder / "s.json", "{}");
  CHECK_THROWS_WITH_AS(TrainerState::load_from_json(folder / "s.json"),
                       ((folder / "s.json").string() + ": the key \"global_step\" is missing").c_str(), FormatError);
  json["global_step"] = -1;
  io::write_file(folder / "s.json", json.dump());
  CHECK_THROWS_AS(TrainerState::load_from_json(folder / "s.json"), FormatError);
}

}  // namespace
