// What the trainer returns.
#pragma once

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/eval_prediction.hpp>

namespace minibert {

/// What Trainer::train() did.
struct TrainOutput {
  index_t global_step = 0;
  double training_loss = 0;       ///< mean of all steps' losses
  Json metrics = Json::object();  ///< the log's last entry: train_loss, train_runtime, …
  bool interrupted = false;       ///< a signal ended it; a checkpoint is written
};

/// What Trainer::predict() returns, as transformers' PredictionOutput.
template <class T, class Label>
struct PredictionOutput {
  EvalPrediction<T, Label> predictions;
  Json metrics = Json::object();  ///< test_loss, test_runtime, … and what compute_metrics adds
};

}  // namespace minibert
