// Trainer: the training loop for any model, collator and dataset.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <utility>

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/concepts.hpp>
#include <minibert/train/eval_prediction.hpp>
#include <minibert/train/evaluation.hpp>
#include <minibert/train/gradient_accumulator.hpp>
#include <minibert/train/pass_collator.hpp>
#include <minibert/train/train_output.hpp>
#include <minibert/train/training_arguments.hpp>
#include <minibert/train/training_loop.hpp>

namespace minibert {

/// Trains a model. The same arguments give the same weights, bit for bit, on any number of threads, even if the run is
/// interrupted and resumed.
template <class Model, DataCollator Collator>
requires TrainableModel<Model, typename Collator::Batch>
class Trainer final : public TrainingLoop<typename Model::value_type> {
 public:
  using Dataset = typename Collator::Dataset;
  using Batch = typename Collator::Batch;
  using T = typename Model::value_type;
  using Label = typename train_detail::LabelOf<Batch>::type;

  /// The model, the collator and the datasets must outlive the trainer. @throws ValueError if an argument is out of
  /// range
  Trainer(Model& model, TrainingArguments args, const Collator& data_collator, const Dataset& train_dataset,
          const Dataset* eval_dataset = nullptr)
      : TrainingLoop<T>(args, {train_dataset.size(), [&](index_t i) { return train_dataset.num_tokens(i); }},
                        eval_dataset != nullptr, model.parameters(), model.parameter_groups(args.weight_decay)),
        model_(model),
        collator_(data_collator),
        eval_dataset_(eval_dataset),
        passes_(collator_, train_dataset, this->args().max_tokens_per_pass) {}

  /// If set, computes further metrics from all logits and labels of an evaluation. evaluate() collects logits and
  /// labels only for this function. max_prediction_bytes limits their memory.
  std::function<Json(const EvalPrediction<T, Label>&)> compute_metrics;
  /// If set, reduces the logits of a batch before they are collected, for example to their argmax.
  std::function<Tensor<T>(const Tensor<T>& logits)> preprocess_logits_for_metrics;

  /// Runs the model on a dataset. Returns the logits, the labels and the metrics.
  /// @throws ValueError if logits and labels need more than max_prediction_bytes
  PredictionOutput<T, Label> predict(const Dataset& dataset) {
    Collector collector(this->args().max_prediction_bytes, preprocess_logits_for_metrics);
    const EvaluationResult result = run_model(dataset, &collector);
    PredictionOutput<T, Label> output{collector.take(), Json::object()};
    output.metrics = this->metrics_of(result, metrics_of_predictions(output.predictions), "test_");
    return output;
  }

 private:
  using Collector = PredictionCollector<T, Label>;

  StepResult compute_gradients(std::span<const std::span<const index_t>> examples, index_t epoch,
                               index_t step) override {
    return accumulate_gradients(model_, tape_, passes_.collate(examples, epoch), this->args().seed, step);
  }

  void find_anomaly(std::span<const std::span<const index_t>> examples, index_t epoch, index_t step) override {
    const struct Detection {
      bool& on;
      ~Detection() { on = false; }
    } detection{tape_.detect_anomaly = true};
    compute_gradients(examples, epoch, step);
  }

  Json compute_eval_metrics() override {
    core::check<ValueError>(eval_dataset_ != nullptr, "evaluate: there is no evaluation dataset; give the trainer one");
    Collector collector(this->args().max_prediction_bytes, preprocess_logits_for_metrics);
    const EvaluationResult result = run_model(*eval_dataset_, compute_metrics ? &collector : nullptr);
    return this->metrics_of(result, metrics_of_predictions(collector.take()), "eval_");
  }

  void save_weights(const std::filesystem::path& folder) const override { model_.save_pretrained(folder); }

  EvaluationResult run_model(const Dataset& dataset, Collector* collector) {
    const autocast guard(this->args().bf16 ? Precision::bf16 : Precision::full);
    const auto collect = [&](const auto& output, const Batch& batch) {
      if (collector == nullptr) return;
      if constexpr (requires { collector->add(output.logits, batch.labels); })
        collector->add(output.logits, batch.labels);
      else
        core::raise<ValueError>(
            "predictions are not available: they need a model whose output has logits, and batches with labels");
    };
    const EvaluationResult result = minibert::evaluate(std::as_const(model_), collator_, dataset,
                                                       this->args().per_device_eval_batch_size, tape_, collect);
    this->check_loss(result);
    return result;
  }

  Json metrics_of_predictions(const EvalPrediction<T, Label>& predictions) const {
    return compute_metrics ? compute_metrics(predictions) : Json::object();
  }

  Model& model_;
  const Collator& collator_;
  const Dataset* eval_dataset_;
  PassCollator<Collator> passes_;
  Tape<T> tape_;  // training and evaluation share its memory
};

}  // namespace minibert
