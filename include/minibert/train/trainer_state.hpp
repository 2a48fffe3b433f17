// The progress of a training run, in the format of transformers' trainer_state.json.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

/// Flags that say what the trainer does next. Callbacks may change them.
struct TrainerControl {
  bool should_training_stop = false;
  bool should_epoch_stop = false;  // unused; transformers expects it in the file
  bool should_save = false;
  bool should_evaluate = false;
  bool should_log = false;
};

/// The progress and the log of a run. The names are those of transformers' TrainerState.
struct TrainerState {
  index_t global_step = 0;  ///< optimizer steps done
  double epoch = 0;
  index_t max_steps = 0;
  index_t num_train_epochs = 0;
  index_t train_batch_size = 0;
  index_t logging_steps = 0, eval_steps = 0, save_steps = 0;
  index_t num_input_tokens_seen = 0;
  std::optional<double> best_metric;
  std::optional<index_t> best_global_step;
  std::optional<std::string> best_model_checkpoint;
  Json log_history = Json::array();
  Json stateful_callbacks = Json::object();

  /// Returns a JSON object with all keys of transformers' TrainerState, sorted.
  Json to_json() const;
  /// Reads the state from JSON. @throws FormatError naming a key that is missing or has a wrong type
  static TrainerState from_json(const Json& json);

  void save_to_json(const std::filesystem::path& path) const;
  static TrainerState load_from_json(const std::filesystem::path& path);
};

/// Returns the entry "TrainerControl" of stateful_callbacks. transformers needs this entry to resume.
Json to_json(const TrainerControl& control);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/trainer_state.ipp>
#endif
