// Definitions of train/trainer_state.hpp.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/train/trainer_state.hpp>

namespace minibert {

MINIBERT_INLINE void TrainerState::save_to_json(const std::filesystem::path& path) const {
  io::write_file(path, to_json().dump(2) + "\n");
}

MINIBERT_INLINE TrainerState TrainerState::load_from_json(const std::filesystem::path& path) {
  const Json json = Json::read(path);
  try {
    return from_json(json);
  } catch (const FormatError& error) {
    core::raise<FormatError>(path.string(), ": ", error.what());
  }
}

MINIBERT_INLINE Json to_json(const TrainerControl& control) {
  return Json::Object{{"args", Json::Object{{"should_epoch_stop", control.should_epoch_stop},
                                            {"should_evaluate", control.should_evaluate},
                                            {"should_log", control.should_log},
                                            {"should_save", control.should_save},
                                            {"should_training_stop", control.should_training_stop}}},
                      {"attributes", Json::object()}};
}

MINIBERT_INLINE Json TrainerState::to_json() const {
  const auto optional = [](const auto& value) { return value ? Json(*value) : Json(); };
  Json json = Json::Object{{"best_global_step", optional(best_global_step)},
                           {"best_metric", optional(best_metric)},
                           {"best_model_checkpoint", optional(best_model_checkpoint)},
                           {"epoch", epoch},
                           {"eval_steps", eval_steps},
                           {"global_step", global_step},
                           {"is_hyper_param_search", false},
                           {"is_local_process_zero", true},
                           {"is_world_process_zero", true},
                           {"log_history", log_history},
                           {"logging_steps", logging_steps},
                           {"max_steps", max_steps},
                           {"num_input_tokens_seen", num_input_tokens_seen},
                           {"num_train_epochs", num_train_epochs},
                           {"save_steps", save_steps},
                           {"stateful_callbacks", stateful_callbacks},
                           {"total_flos", 0.0},
                           {"train_batch_size", train_batch_size},
                           {"trial_name", nullptr},
                           {"trial_params", nullptr}};
  json.sort_keys();
  return json;
}

MINIBERT_INLINE TrainerState TrainerState::from_json(const Json& json) {
  const auto read = [&](const char* key, auto as) {
    const Json& value = json.at(key);
    try {
      return (value.*as)();
    } catch (const FormatError& error) {
      core::raise<FormatError>(key, ": ", error.what());
    }
  };
  TrainerState state;
  state.global_step = read("global_step", &Json::as_integer);
  core::check<FormatError>(state.global_step >= 0, "global_step is ", state.global_step, ", expected 0 or more");
  state.epoch = read("epoch", &Json::as_number);
  state.max_steps = read("max_steps", &Json::as_integer);
  state.num_train_epochs = read("num_train_epochs", &Json::as_integer);
  state.train_batch_size = read("train_batch_size", &Json::as_integer);
  state.logging_steps = read("logging_steps", &Json::as_integer);
  state.eval_steps = read("eval_steps", &Json::as_integer);
  state.save_steps = read("save_steps", &Json::as_integer);
  state.num_input_tokens_seen = read("num_input_tokens_seen", &Json::as_integer);
  if (!json.at("best_metric").is_null()) state.best_metric = read("best_metric", &Json::as_number);
  if (!json.at("best_global_step").is_null()) state.best_global_step = read("best_global_step", &Json::as_integer);
  if (!json.at("best_model_checkpoint").is_null())
    state.best_model_checkpoint = read("best_model_checkpoint", &Json::as_string);
  state.log_history = json.at("log_history").as_array();
  state.stateful_callbacks = json.at("stateful_callbacks").as_object();
  return state;
}

}  // namespace minibert
