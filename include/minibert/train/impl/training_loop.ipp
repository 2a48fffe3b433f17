// Definitions of train/training_loop.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/autograd/autocast.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/notice.hpp>
#include <minibert/io/file.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/gradient_accumulator.hpp>
#include <minibert/train/impl/training_loop_begin.ipp>
#include <minibert/train/interrupt_handler.hpp>
#include <minibert/train/output_dir.hpp>
#include <minibert/train/training_loop.hpp>

namespace minibert {

namespace train_detail {

MINIBERT_INLINE optim::AdamWOptions adamw_options(const TrainingArguments& a) {
  return {.lr = a.learning_rate, .beta1 = a.adam_beta1, .beta2 = a.adam_beta2, .eps = a.adam_epsilon};
}

}  // namespace train_detail

template <class T>
TrainingLoop<T>::TrainingLoop(TrainingArguments args, const ExampleLengths& lengths, bool can_evaluate,
                              const std::vector<Parameter<T>*>& parameters,
                              const std::vector<ParameterGroup<T>>& groups)
    : notice(core::print_notice),
      args_(validated(std::move(args), can_evaluate)),
      plan_(lengths, args_),
      scheduler_(args_.lr_scheduler_type, args_.warmup_steps, plan_.max_steps()),
      optimizer_(std::make_shared<optim::AdamW<T>>(groups, train_detail::adamw_options(args_))),
      parameters_(parameters) {}

template <class T>
TrainingLoop<T>::~TrainingLoop() = default;

template <class T>
void TrainingLoop<T>::set_optimizer(std::shared_ptr<optim::Optimizer<T>> optimizer) {
  core::check<ValueError>(optimizer != nullptr, "set_optimizer: the pointer is null, expected an optimizer");
  optimizer_ = std::move(optimizer);
  has_own_optimizer_ = true;
}

template <class T>
void TrainingLoop<T>::set_lr_lambda(std::function<double(index_t step)> factor) {
  lr_lambda_ = std::move(factor);
}

template <class T>
void TrainingLoop<T>::add_callback(std::shared_ptr<TrainerCallback> callback) {
  core::check<ValueError>(callback != nullptr, "add_callback: the pointer is null, expected a callback");
  callbacks_.push_back(std::move(callback));
}

template <class T>
double TrainingLoop<T>::lr_factor(index_t step) const {
  return lr_lambda_ ? lr_lambda_(step) : scheduler_.factor(step);
}

template <class T>
TrainingArguments TrainingLoop<T>::validated(TrainingArguments args, bool can_evaluate) {
  args.validate();
  core::check<ValueError>(can_evaluate || args.eval_strategy == IntervalStrategy::no, "eval_strategy is ",
                          to_string(args.eval_strategy),
                          ", but there is no evaluation dataset; give the trainer one, or set eval_strategy to no");
  return args;
}

template <class T>
TrainOutput TrainingLoop<T>::train() {
  const struct Unlock {
    std::optional<OutputDirLock>& lock;
    ~Unlock() { lock.reset(); }
  } at_end{lock_};
  begin();
  return run();
}

template <class T>
TrainOutput TrainingLoop<T>::run() {
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
    say(core::concat("stopped at step ", state_.global_step, " of ", plan_.max_steps(), "; ",
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

template <class T>
Json TrainingLoop<T>::evaluate() {
  Json metrics = compute_eval_metrics();
  metrics["epoch"] = state_.epoch;
  metrics["step"] = state_.global_step;
  metrics.sort_keys();
  log(metrics);
  notify(&TrainerCallback::on_evaluate, metrics);
  return metrics;
}

template <class T>
void TrainingLoop<T>::check_loss(const EvaluationResult& result) const {
  if (std::isfinite(result.loss)) return;
  core::check<Error>(state_.global_step > 0, "the evaluation loss is ", result.loss,
                     ", expected a finite number: the model was not trained here, so check the weights that it was "
                     "made or loaded with");
  core::raise<Error>("step ", state_.global_step, ": the evaluation loss is ", result.loss,
                     ", expected a finite number: ", advice());
}

template <class T>
Json TrainingLoop<T>::metrics_of(const EvaluationResult& result, const Json& further, std::string_view prefix) const {
  Json metrics = result.to_json(prefix);
  const Json of_loss = compute_loss_metrics ? compute_loss_metrics(result) : Json::object();
  for (const Json* more : {&of_loss, &further})
    for (const Json::Member& metric : more->as_object()) metrics[core::concat(prefix, metric.first)] = metric.second;
  return metrics;
}

template <class T>
void TrainingLoop<T>::save_model(const std::filesystem::path& folder) const {
  const auto lock = lock_of(folder);
  io::make_directories(folder);
  save_weights(folder);
  if (save_tokenizer_) save_tokenizer_(folder);
}

template <class T>
void TrainingLoop<T>::save_state() const {
  const auto lock = lock_of(output_dir());
  state_.save_to_json(output_dir() / kTrainerStateName);
}

template <class T>
void TrainingLoop<T>::save_metrics(std::string_view split, const Json& metrics) const {
  const auto lock = lock_of(output_dir());
  io::write_file(output_dir() / core::concat(split, "_results.json"), metrics.dump(4) + "\n");
}

template <class T>
std::filesystem::path TrainingLoop<T>::output_dir() const {
  core::check<ValueError>(writes(), "output_dir is empty: name a folder to save to");
  return args_.output_dir;
}

template <class T>
void TrainingLoop<T>::step() {
  const index_t step = state_.global_step;
  const autocast guard(args_.bf16 ? Precision::bf16 : Precision::full);
  try {
    last_step_ = compute_gradients(plan_.batches(step), plan_.epoch_of(step), step);
  } catch (const train_detail::NotFinite& error) {
    core::raise<Error>(error.what(), ": ", advice());
  }
  last_step_.grad_norm = optim::grad_norm(parameters_);
  if (!std::isfinite(last_step_.grad_norm)) fail_step(step);
  const double factor = lr_factor(step);
  last_step_.learning_rate = args_.learning_rate * factor;
  optimizer_->step(factor, args_.max_grad_norm > 0 ? optim::clip_factor(last_step_.grad_norm, args_.max_grad_norm) : 1);
  losses_.add(last_step_.loss);
  session_examples_ += last_step_.num_examples;
  watch_.add(last_step_);
  state_.num_input_tokens_seen += last_step_.num_tokens;
  state_.global_step = step + 1;
  state_.epoch = plan_.epochs_after(step + 1);
}

template <class T>
void TrainingLoop<T>::fail_step(index_t step) {
  std::string where = "all values and gradients are finite, but not their norm";
  try {
    find_anomaly(plan_.batches(step), plan_.epoch_of(step), step);
  } catch (const Error& error) {
    where = error.what();
  }
  core::raise<Error>("step ", step + 1, ": the gradient's norm is ", last_step_.grad_norm, " (the loss ",
                     last_step_.loss, "), expected a finite number (", where, "): ", advice());
}

template <class T>
std::string TrainingLoop<T>::advice() const {
  const auto newest = writes() ? find_checkpoint(args_.output_dir) : std::nullopt;
  return core::concat("training diverges; start a new run with a lower learning_rate than ", args_.learning_rate,
                      ", a longer warm-up (warmup_steps) or ", args_.max_grad_norm > 0 ? "a lower" : "with",
                      " max_grad_norm. The weights in memory are those after step ", state_.global_step,
                      newest ? ", the newest checkpoint is " + newest->string() : std::string());
}

template <class T>
void TrainingLoop<T>::warn(const std::string& warning) const {
  if (!warning.empty()) say(warning);
}

template <class T>
void TrainingLoop<T>::say(std::string_view text) const {
  if (notice) notice(text);
}

template <class T>
void TrainingLoop<T>::plan_actions() {
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

template <class T>
void TrainingLoop<T>::act() {
  if (control_.should_log) log_training();
  if (control_.should_evaluate) evaluate_and_compare();
  if (control_.should_save) save_checkpoint();
}

template <class T>
void TrainingLoop<T>::log_training() {
  const double loss = losses_.take_recent_mean();
  log(Json::Object{{"epoch", state_.epoch},
                   {"grad_norm", last_step_.grad_norm},
                   {"learning_rate", last_step_.learning_rate},
                   {"loss", loss},
                   {"step", state_.global_step}});
  warn(watch_.check_training(loss, args_.learning_rate));
}

template <class T>
void TrainingLoop<T>::evaluate_and_compare() {
  const Json metrics = evaluate();
  warn(watch_.check_evaluation(metrics.at("eval_loss").as_number(), args_.learning_rate));
  const double metric = best_metric_of(metrics);
  const bool is_first = !state_.best_metric || !std::isfinite(*state_.best_metric);
  if (!std::isfinite(metric) || (!is_first && !args_.is_better(metric, *state_.best_metric))) return;
  state_.best_metric = metric;
  state_.best_global_step = state_.global_step;
  if (args_.load_best_model_at_end && writes()) control_.should_save = true;
}

template <class T>
double TrainingLoop<T>::best_metric_of(const Json& metrics) const {
  const std::string key = args_.best_metric_key();
  if (const Json* metric = metrics.find(key)) return metric->as_number();
  std::string names;
  for (const Json::Member& metric : metrics.as_object()) names += (names.empty() ? "" : ", ") + metric.first;
  core::raise<ValueError>("metric_for_best_model is ", args_.metric_for_best_model, ", but the evaluation has no ", key,
                          ", only ", names);
}

template <class T>
void TrainingLoop<T>::save_checkpoint() {
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
  prune_checkpoints(args_.output_dir, args_.save_total_limit, state_.best_model_checkpoint, state_.global_step);
  notify(&TrainerCallback::on_save, path);
}

template <class T>
void TrainingLoop<T>::load_best_model() {
  if (!state_.best_model_checkpoint) return;
  if (state_.best_global_step != state_.global_step) {
    std::filesystem::path best = *state_.best_model_checkpoint;
    if (!is_checkpoint(best)) best = args_.output_dir / best.filename();  // the output folder may have been moved
    load_model(best, parameters_.parameters());
  }
  say(core::concat("the best model is from step ", *state_.best_global_step, " (", args_.best_metric_key(), " ",
                   *state_.best_metric, ")"));
}

template <class T>
Json TrainingLoop<T>::finish(Clock::time_point start, index_t first_step) {
  if (losses_.mean() == 0) watch_.check_has_items();  // a resumed session may have few examples
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

template <class T>
void TrainingLoop<T>::log(Json entry) {
  if (log_) log_->append(entry);
  notify(&TrainerCallback::on_log, entry);
  state_.log_history.as_array().push_back(std::move(entry));
}

template <class T>
template <class Event, class... Args>
void TrainingLoop<T>::notify(Event event, const Args&... event_args) {
  for (const auto& callback : callbacks_)
    ((*callback).*event)(TrainerContext{args_, state_, last_step_, control_}, event_args...);
}

#ifdef MINIBERT_COMPILED
template class TrainingLoop<float>;
template class TrainingLoop<double>;
#endif

}  // namespace minibert
