// The results that the trainer returns.
#pragma once

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/eval_prediction.hpp>

namespace minibert {

/// The result of Trainer::train().
struct TrainOutput {
  index_t global_step = 0;
  double training_loss = 0;       ///< mean of all steps' losses
  Json metrics = Json::object();  ///< the log's last entry: train_loss, train_runtime, …
  bool interrupted = false;       ///< true if a signal stopped training; a checkpoint is then written
};

/// The result of Trainer::predict(), as transformers' PredictionOutput.
template <class T, class Label>
struct PredictionOutput {
  EvalPrediction<T, Label> predictions;
  Json metrics = Json::object();  ///< test_loss, test_runtime, … and the metrics of compute_metrics
};

}  // namespace minibert
