// The results that the trainer returns.
#pragma once

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/eval_prediction.hpp>

namespace minibert {

/// The result of Trainer::train().
struct TrainOutput {
  index_t global_step = 0;
  double training_loss = 0;       ///< mean of the losses of all steps, also of those before a resume
  Json metrics = Json::object();  ///< metrics of the run: train_loss, train_runtime, …; empty if interrupted
  bool interrupted = false;       ///< true if a signal stopped training; a checkpoint was written if output_dir is set
};

/// The result of Trainer::predict(), as transformers' PredictionOutput.
template <class T, class Label>
struct PredictionOutput {
  EvalPrediction<T, Label> predictions;
  Json metrics = Json::object();  ///< test_loss, test_runtime, …, and those of compute_loss_metrics and compute_metrics
};

}  // namespace minibert
