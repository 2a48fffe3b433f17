// Definitions of train/training_loop.hpp: how a run begins, from the start or from a checkpoint.
#pragma once

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/simd/isa.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/output_dir.hpp>
#include <minibert/train/run_identity.hpp>
#include <minibert/train/training_loop.hpp>

namespace minibert {

template <class T>
Json TrainingLoop<T>::identity() const {
  Json identity = run_identity(args_, provenance);
  if (has_own_optimizer_) identity["optimizer"] = optimizer_->name();
  if (lr_lambda_) identity["lr_scheduler_type"] = "lambda";
  return identity;
}

template <class T>
std::optional<OutputDirLock> TrainingLoop<T>::lock_of(const std::filesystem::path& folder) const {
  std::error_code ignored;
  const bool is_output_dir =
      writes() && (folder == args_.output_dir || std::filesystem::equivalent(folder, args_.output_dir, ignored));
  if (lock_ || !is_output_dir) return std::nullopt;
  return std::optional<OutputDirLock>(std::in_place, args_.output_dir, [this](std::string_view text) { say(text); });
}

template <class T>
void TrainingLoop<T>::check_room(index_t first_step) const {
  if (args_.save_strategy == IntervalStrategy::no) return;
  index_t numbers = 0;
  for (const Parameter<T>* p : parameters_.parameters()) numbers += p->numel();
  if (!has_own_optimizer_) numbers *= 3;  // AdamW has two moments for each weight
  const index_t count = args_.save_strategy == IntervalStrategy::steps
                            ? core::ceil_div(plan_.max_steps() - first_step, args_.save_steps)
                            : plan_.num_train_epochs() - plan_.epoch_of(first_step);
  check_disk_space(args_, static_cast<double>(numbers) * sizeof(T), count);
}

template <class T>
std::optional<std::filesystem::path> TrainingLoop<T>::verified_checkpoint() const {
  std::optional<std::filesystem::path> checkpoint = checkpoint_to_resume(args_);
  if (checkpoint) check_same_run(identity(), read_checkpoint(*checkpoint).at("identity"), *checkpoint);
  return checkpoint;
}

template <class T>
void TrainingLoop<T>::begin() {
  check_output_dir(args_);
  std::optional<std::filesystem::path> checkpoint = verified_checkpoint();
  if (writes()) {
    lock_.emplace(args_.output_dir, [this](std::string_view text) { say(text); });
    check_room(checkpoint ? TrainerState::load_from_json(*checkpoint / kTrainerStateName).global_step : 0);
    prepare_output_dir(args_);
    // Another process may have written or removed checkpoints before this process got the lock.
    const bool had_checkpoint = checkpoint.has_value();
    if (checkpoint_to_resume(args_) != checkpoint) checkpoint = verified_checkpoint();
    core::check<ValueError>(checkpoint || !had_checkpoint, "output_dir ", args_.output_dir.string(),
                            ": the checkpoint to resume from was removed by another process");
  }
  if (args_.bf16 && simd::isa() != simd::Isa::avx512_bf16)
    say("bf16: this processor lacks vdpbf16ps and computes the same results at the speed of float");
  if (writes()) log_.emplace(args_.output_dir / kTrainingLogName);
  state_ = TrainerState();
  control_ = TrainerControl();
  losses_ = LossMeter();
  last_saved_step_ = -1;
  session_examples_ = 0;
  watch_ = LossWatch();
  if (checkpoint)
    load(*checkpoint);
  else if (args_.resume_from_checkpoint)
    say(core::concat("no checkpoint in ", args_.output_dir.string(), ": training starts from the beginning"));
  state_.max_steps = plan_.max_steps();
  state_.num_train_epochs = plan_.num_train_epochs();
  state_.train_batch_size = args_.per_device_train_batch_size;
  state_.logging_steps = args_.logging_steps;
  state_.eval_steps = args_.eval_interval();
  state_.save_steps = args_.save_steps;
  if (log_)
    log_->append(Json::Object{{"event", state_.global_step > 0 ? "resume" : "start"}, {"step", state_.global_step}});
}

template <class T>
void TrainingLoop<T>::load(const std::filesystem::path& checkpoint) {
  const Json manifest = Json::read(checkpoint / train_detail::kManifestName);
  load_parameters(checkpoint / kModelName, parameters_.parameters());
  optimizer_->load(checkpoint / kOptimizerName);
  losses_ = LossMeter::from_json(manifest.at("losses"));
  state_ = TrainerState::load_from_json(checkpoint / kTrainerStateName);
  for (const auto& callback : callbacks_)
    if (const Json* saved = state_.stateful_callbacks.find(callback->name())) callback->load_state(*saved);
  control_.should_training_stop =
      state_.stateful_callbacks.at("TrainerControl").at("args").at("should_training_stop").as_bool();
  last_saved_step_ = state_.global_step;
  watch_.resume(state_.log_history);
  say(core::concat("resuming from ", checkpoint.string(), ": ", state_.global_step, " of ", plan_.max_steps(),
                   " steps are done"));
  if (writes()) notice_newer_checkpoints();
}

template <class T>
void TrainingLoop<T>::notice_newer_checkpoints() const {
  for (const std::filesystem::path& entry : io::list_folder(args_.output_dir))
    if (checkpoint_step(entry).value_or(0) > state_.global_step)
      say(core::concat(entry.string(), is_checkpoint(entry)
                                           ? " is newer and is kept; it is replaced when this run reaches its step"
                                           : " is incomplete (checkpoint.json is missing) and is not used"));
}

}  // namespace minibert
