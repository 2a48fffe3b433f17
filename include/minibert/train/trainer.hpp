// The training loop, for any model, collator and dataset.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/autograd/autocast.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>
#include <minibert/optim/lr_scheduler.hpp>
#include <minibert/train/callback.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/concepts.hpp>
#include <minibert/train/evaluation.hpp>
#include <minibert/train/gradient_accumulator.hpp>
#include <minibert/train/interrupt_handler.hpp>
#include <minibert/train/loss_meter.hpp>
#include <minibert/train/output_dir.hpp>
#include <minibert/train/pass_collator.hpp>
#include <minibert/train/run_identity.hpp>
#include <minibert/train/step_plan.hpp>
#include <minibert/train/train_output.hpp>
#include <minibert/train/trainer_state.hpp>
#include <minibert/train/training_arguments.hpp>
#include <minibert/train/training_log.hpp>

namespace minibert {

/// Trains a model. The types must satisfy the concepts TrainableModel and DataCollator. The same arguments give the
/// same bits on any number of threads, even if a run is interrupted and resumed.
template <class Model, DataCollator Collator>
requires TrainableModel<Model, typename Collator::Batch>
class Trainer {
 public:
  using Dataset = typename Collator::Dataset;
  using Batch = typename Collator::Batch;
  using T = typename Model::value_type;
  using Label = typename train_detail::LabelOf<Batch>::type;

  /// The references must outlive the trainer. @throws ValueError for arguments out of range
  Trainer(Model& model, TrainingArguments args, const Collator& data_collator, const Dataset& train_dataset,
          const Dataset* eval_dataset = nullptr)
      : model_(model),
        args_(validated(std::move(args), eval_dataset != nullptr)),
        collator_(data_collator),
        eval_dataset_(eval_dataset),
        plan_({train_dataset.size(), [&](index_t i) { return train_dataset.num_tokens(i); }}, args_),
        scheduler_(args_.lr_scheduler_type, args_.warmup_steps, plan_.max_steps()),
        optimizer_(std::make_shared<optim::AdamW<T>>(model.parameter_groups(args_.weight_decay), adamw_options(args_))),
        parameters_(model.parameters()),
        passes_(collator_, train_dataset, args_.max_tokens_per_pass) {}

  /// Identifies the data of a run, with names and values such as fingerprints of text and tokenizer. Checkpoints store
  /// the provenance; a run with a different one cannot resume.
  Json provenance = Json::object();
  /// Computes further metrics, as an object, from the loss of an evaluation. Each name gets the prefix "eval_" ("test_"
  /// in predict).
  std::function<Json(const EvaluationResult&)> compute_loss_metrics;
  /// Computes further metrics from all logits and labels, which are stored only if this is set. max_prediction_bytes
  /// limits their memory.
  std::function<Json(const EvalPrediction<T, Label>&)> compute_metrics;
  /// Reduces the logits of a batch before they are stored, for example to their argmax.
  std::function<Tensor<T>(const Tensor<T>& logits)> preprocess_logits_for_metrics;
  /// Receives messages for the user. The default prints them to standard error.
  std::function<void(std::string_view)> notice = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };

  /// Saves the tokenizer together with the model from now on. The tokenizer must outlive the trainer.
  template <class Tokenizer>
  void set_tokenizer(const Tokenizer& tokenizer) {
    save_tokenizer_ = [&](const std::filesystem::path& folder) { tokenizer.save_pretrained(folder); };
  }
  /// Replaces the default optimizer, AdamW on Module::parameter_groups. The optimizer must update this model's
  /// parameters.
  void set_optimizer(std::shared_ptr<optim::Optimizer<T>> optimizer) { optimizer_ = std::move(optimizer); }
  /// Replaces the schedule of lr_scheduler_type. The learning rate of step i, counted from 0, is the optimizer's
  /// learning rate times factor(i), as in PyTorch's LambdaLR. A resumed run must set the same function.
  void set_lr_lambda(std::function<double(index_t step)> factor) { lr_lambda_ = std::move(factor); }
  void add_callback(std::shared_ptr<TrainerCallback> callback) { callbacks_.push_back(std::move(callback)); }

  /// Trains from the start or from a checkpoint, to the last step or until a signal (see InterruptHandler).
  /// @throws ValueError if output_dir is not empty, or the checkpoint belongs to another run
  /// @throws FormatError if the checkpoint is damaged
  /// @throws Error if the loss or the gradient is not finite
  TrainOutput train() {
    begin();
    const Clock::time_point start = Clock::now();
    const index_t first_step = state_.global_step;
    notify(&TrainerCallback::on_train_begin);
    TrainOutput output;
    while (state_.global_step < plan_.max_steps() && !control_.should_training_stop && !output.interrupted) {
      step();
      plan_actions();
      notify(&TrainerCallback::on_step_end);
      act();
      output.interrupted = InterruptHandler::requested() && state_.global_step < plan_.max_steps();
    }
    if (output.interrupted) {
      if (writes() && last_saved_step_ != state_.global_step) save_checkpoint();
      const std::string saved = checkpoint_path(args_.output_dir, state_.global_step).string();
      notice(core::concat("stopped at step ", state_.global_step, " of ", plan_.max_steps(), "; ",
                          writes() ? "the checkpoint is " + saved + ": set resume_from_checkpoint to go on"
                                   : "nothing is saved, because output_dir is empty"));
    } else {
      if (args_.load_best_model_at_end) load_best_model();
      output.metrics = finish(start, first_step);
    }
    output.global_step = state_.global_step;
    output.training_loss = losses_.mean();
    notify(&TrainerCallback::on_train_end);
    return output;
  }

  /// Evaluates on the evaluation dataset. Logs the metrics and returns them. @throws ValueError without such a dataset
  Json evaluate() {
    core::check<ValueError>(eval_dataset_ != nullptr, "evaluate: there is no evaluation dataset");
    Collector collector(args_.max_prediction_bytes, preprocess_logits_for_metrics);
    const EvaluationResult result = run_model(*eval_dataset_, compute_metrics ? &collector : nullptr);
    Json metrics = metrics_of(result, collector.take(), "eval_");
    metrics["epoch"] = state_.epoch;
    metrics["step"] = state_.global_step;
    metrics.sort_keys();
    log(metrics);
    notify(&TrainerCallback::on_evaluate, metrics);
    return metrics;
  }

  /// Runs the model on a dataset and returns its logits and labels.
  /// @throws ValueError if they need more than max_prediction_bytes
  PredictionOutput<T, Label> predict(const Dataset& dataset) {
    Collector collector(args_.max_prediction_bytes, preprocess_logits_for_metrics);
    const EvaluationResult result = run_model(dataset, &collector);
    PredictionOutput<T, Label> output{collector.take(), Json::object()};
    output.metrics = metrics_of(result, output.predictions, "test_");
    return output;
  }

  /// Saves the model and the tokenizer to a folder, by default output_dir.
  void save_model(const std::filesystem::path& folder) const {
    io::make_directories(folder);
    model_.save_pretrained(folder);
    if (save_tokenizer_) save_tokenizer_(folder);
  }
  void save_model() const { save_model(output_dir()); }
  /// Writes trainer_state.json to output_dir.
  void save_state() const { state_.save_to_json(output_dir() / kTrainerStateName); }
  /// Writes metrics to output_dir/<split>_results.json.
  void save_metrics(std::string_view split, const Json& metrics) const {
    io::write_file(output_dir() / core::concat(split, "_results.json"), metrics.dump(4) + "\n");
  }

  const TrainingArguments& args() const noexcept { return args_; }
  const TrainerState& state() const noexcept { return state_; }
  index_t num_training_steps() const noexcept { return plan_.max_steps(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Collector = PredictionCollector<T, Label>;

  static TrainingArguments validated(TrainingArguments args, bool can_evaluate) {
    args.validate();
    core::check<ValueError>(can_evaluate || args.eval_strategy == IntervalStrategy::no, "eval_strategy is ",
                            to_string(args.eval_strategy), ", but there is no evaluation dataset");
    return args;
  }

  static optim::AdamWOptions adamw_options(const TrainingArguments& a) {
    return {.lr = a.learning_rate, .beta1 = a.adam_beta1, .beta2 = a.adam_beta2, .eps = a.adam_epsilon};
  }

  bool writes() const noexcept { return !args_.output_dir.empty(); }
  double lr_factor(index_t step) const { return lr_lambda_ ? lr_lambda_(step) : scheduler_.factor(step); }
  std::filesystem::path output_dir() const {
    core::check<ValueError>(writes(), "output_dir is empty: name a folder to save to");
    return args_.output_dir;
  }

  /// What a resumed run must have in common with this one.
  Json identity() const {
    Json identity = run_identity(args_, provenance);
    if (optimizer_->name() != "adamw") identity["optimizer"] = optimizer_->name();
    if (lr_lambda_) identity["lr_scheduler_type"] = "lambda";
    return identity;
  }

  EvaluationResult run_model(const Dataset& dataset, Collector* collector) {
    const autocast guard(args_.bf16 ? Precision::bf16 : Precision::full);
    const auto collect = [&](const auto& output, const Batch& batch) {
      if (collector == nullptr) return;
      if constexpr (requires { collector->add(output.logits, batch.labels); })
        collector->add(output.logits, batch.labels);
      else
        core::raise<ValueError>(
            "predictions are not available: they need a model whose output has logits, and batches with labels");
    };
    const EvaluationResult result =
        minibert::evaluate(std::as_const(model_), collator_, dataset, args_.per_device_eval_batch_size, tape_, collect);
    core::check<Error>(std::isfinite(result.loss), "step ", state_.global_step, ": the evaluation loss is ",
                       result.loss, ", expected a finite number: lower the learning rate");
    return result;
  }

  Json metrics_of(const EvaluationResult& result, const EvalPrediction<T, Label>& predictions,
                  std::string_view prefix) const {
    Json metrics = result.to_json(prefix);
    const Json of_loss = compute_loss_metrics ? compute_loss_metrics(result) : Json::object();
    const Json of_predictions = compute_metrics ? compute_metrics(predictions) : Json::object();
    for (const Json* further : {&of_loss, &of_predictions})
      for (const Json::Member& metric : further->as_object())
        metrics[core::concat(prefix, metric.first)] = metric.second;
    return metrics;
  }

  void begin() {
    if (writes()) prepare_output_dir(args_);
    if (args_.bf16 && simd::isa() != simd::Isa::avx512_bf16)
      notice("bf16: this processor lacks vdpbf16ps and computes the same results at the speed of float");
    if (writes()) log_.emplace(args_.output_dir / kTrainingLogName);
    state_ = TrainerState();
    if (args_.resume_from_checkpoint) {
      const std::filesystem::path& wanted = *args_.resume_from_checkpoint;
      const std::filesystem::path place = wanted.empty() ? args_.output_dir : wanted;
      if (const auto checkpoint = find_checkpoint(place))
        resume(*checkpoint);
      else
        notice(core::concat("no checkpoint in ", place.string(), ": training starts from the beginning"));
    }
    state_.max_steps = plan_.max_steps();
    state_.num_train_epochs = plan_.num_train_epochs();
    state_.train_batch_size = args_.per_device_train_batch_size;
    state_.logging_steps = args_.logging_steps;
    state_.eval_steps = args_.eval_interval();
    state_.save_steps = args_.save_steps;
    if (log_)
      log_->append(Json::Object{{"event", state_.global_step > 0 ? "resume" : "start"}, {"step", state_.global_step}});
  }

  void resume(const std::filesystem::path& checkpoint) {
    const Json manifest = read_checkpoint(checkpoint);
    check_same_run(identity(), manifest.at("identity"), checkpoint);
    load_parameters(checkpoint / kModelName, model_.parameters());
    optimizer_->load(checkpoint / kOptimizerName);
    losses_ = LossMeter::from_json(manifest.at("losses"));
    state_ = TrainerState::load_from_json(checkpoint / kTrainerStateName);
    for (const auto& callback : callbacks_)
      if (const Json* saved = state_.stateful_callbacks.find(callback->name())) callback->load_state(*saved);
    control_.should_training_stop =
        state_.stateful_callbacks.at("TrainerControl").at("args").at("should_training_stop").as_bool();
    last_saved_step_ = state_.global_step;
    notice(core::concat("resuming from ", checkpoint.string(), ": ", state_.global_step, " of ", plan_.max_steps(),
                        " steps are done"));
  }

  void step() {
    const index_t step = state_.global_step;
    const autocast guard(args_.bf16 ? Precision::bf16 : Precision::full);
    const std::span<const Batch> passes = passes_.collate(plan_.batches(step), plan_.epoch_of(step));
    last_step_ = accumulate_gradients(model_, tape_, passes, args_.seed, step);
    last_step_.grad_norm = optim::grad_norm(parameters_);
    core::check<Error>(
        std::isfinite(last_step_.grad_norm), "step ", step + 1, ": the gradient's norm is ", last_step_.grad_norm,
        " (the loss ", last_step_.loss,
        "): lower the learning rate, lengthen the warm-up, or go on from an earlier checkpoint with those");
    const double factor = lr_factor(step);
    last_step_.learning_rate = args_.learning_rate * factor;
    optimizer_->step(factor,
                     args_.max_grad_norm > 0 ? optim::clip_factor(last_step_.grad_norm, args_.max_grad_norm) : 1);
    losses_.add(last_step_.loss);
    session_examples_ += last_step_.num_examples;
    state_.num_input_tokens_seen += last_step_.num_tokens;
    state_.global_step = step + 1;
    state_.epoch = plan_.epochs_after(step + 1);
  }

  /// Decides what to do after the last step: log, evaluate, save.
  void plan_actions() {
    const index_t step = state_.global_step;
    const auto due = [&](IntervalStrategy strategy, index_t interval) {
      return (strategy == IntervalStrategy::steps && step % interval == 0) ||
             (strategy == IntervalStrategy::epoch && plan_.ends_epoch(step));
    };
    control_.should_log = step % args_.logging_steps == 0 || (step == 1 && args_.logging_first_step);
    control_.should_evaluate = due(args_.eval_strategy, args_.eval_interval());
    control_.should_save = writes() && (due(args_.save_strategy, args_.save_steps) ||
                                        (step == plan_.max_steps() && args_.save_strategy != IntervalStrategy::no));
  }

  void act() {
    if (control_.should_log) log_training();
    if (control_.should_evaluate) evaluate_and_compare();
    if (control_.should_save) save_checkpoint();
  }

  void log_training() {
    log(Json::Object{{"epoch", state_.epoch},
                     {"grad_norm", last_step_.grad_norm},
                     {"learning_rate", last_step_.learning_rate},
                     {"loss", losses_.take_recent_mean()},
                     {"step", state_.global_step}});
  }

  void evaluate_and_compare() {
    const Json metrics = evaluate();
    const double metric = metrics.at(args_.best_metric_key()).as_number();
    if (state_.best_metric && !args_.is_better(metric, *state_.best_metric)) return;
    state_.best_metric = metric;
    state_.best_global_step = state_.global_step;
    if (args_.load_best_model_at_end && writes()) control_.should_save = true;
  }

  void save_checkpoint() {
    const std::filesystem::path path = checkpoint_path(args_.output_dir, state_.global_step);
    if (state_.best_global_step == state_.global_step) state_.best_model_checkpoint = path.string();
    state_.stateful_callbacks = Json::Object{{"TrainerControl", to_json(control_)}};
    for (const auto& callback : callbacks_)
      if (!callback->name().empty()) state_.stateful_callbacks[callback->name()] = callback->state();

    CheckpointWriter writer(path);
    save_model(writer.folder());
    optimizer_->save(writer.folder() / kOptimizerName);
    state_.save_to_json(writer.folder() / kTrainerStateName);
    writer.commit(Json::Object{{"identity", identity()}, {"losses", losses_.to_json()}});
    last_saved_step_ = state_.global_step;
    prune_checkpoints(args_.output_dir, args_.save_total_limit, state_.best_model_checkpoint);
    notify(&TrainerCallback::on_save, path);
  }

  void load_best_model() {
    if (!state_.best_model_checkpoint) return;
    if (state_.best_global_step != state_.global_step) {
      std::filesystem::path best = *state_.best_model_checkpoint;
      if (!is_checkpoint(best)) best = args_.output_dir / best.filename();  // the run may have moved
      load_model(best, model_.parameters());
    }
    notice(core::concat("the best model is from step ", *state_.best_global_step, " (", args_.best_metric_key(), " ",
                        *state_.best_metric, ")"));
  }

  /// Writes the last log entry and returns it.
  Json finish(Clock::time_point start, index_t first_step) {
    const double runtime = std::chrono::duration<double>(Clock::now() - start).count();
    const Json metrics = Json::Object{{"epoch", state_.epoch},
                                      {"step", state_.global_step},
                                      {"total_flos", 0.0},
                                      {"train_loss", losses_.mean()},
                                      {"train_runtime", runtime},
                                      {"train_samples_per_second", per_second(session_examples_, runtime)},
                                      {"train_steps_per_second", per_second(state_.global_step - first_step, runtime)}};
    log(metrics);
    return metrics;
  }

  void log(Json entry) {
    if (log_) log_->append(entry);
    notify(&TrainerCallback::on_log, entry);
    state_.log_history.as_array().push_back(std::move(entry));
  }

  template <class Event, class... Args>
  void notify(Event event, const Args&... event_args) {
    for (const auto& callback : callbacks_)
      ((*callback).*event)(TrainerContext{args_, state_, last_step_, control_}, event_args...);
  }

  Model& model_;
  TrainingArguments args_;
  const Collator& collator_;
  const Dataset* eval_dataset_;
  StepPlan plan_;
  optim::LrScheduler scheduler_;
  std::function<double(index_t)> lr_lambda_;
  std::shared_ptr<optim::Optimizer<T>> optimizer_;
  optim::ParameterChunks<T> parameters_;
  PassCollator<Collator> passes_;
  Tape<T> tape_;  // for training and evaluation
  std::function<void(const std::filesystem::path&)> save_tokenizer_;
  std::vector<std::shared_ptr<TrainerCallback>> callbacks_;

  TrainerState state_;
  TrainerControl control_;
  StepResult last_step_;
  LossMeter losses_;
  std::optional<TrainingLog> log_;
  index_t last_saved_step_ = -1, session_examples_ = 0;
};

}  // namespace minibert
