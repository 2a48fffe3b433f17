// Learning rate schedules. A schedule depends only on the step, so there is no state to save. The formulas are those of
// transformers' get_scheduler.
#pragma once

#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/names.hpp>
#include <minibert/core/types.hpp>

namespace minibert::optim {

/// Hugging Face's lr_scheduler_type.
enum class SchedulerType { linear, cosine, constant, constant_with_warmup };

namespace detail {
inline constexpr std::pair<SchedulerType, std::string_view> kSchedulerNames[] = {
    {SchedulerType::linear, "linear"},
    {SchedulerType::cosine, "cosine"},
    {SchedulerType::constant, "constant"},
    {SchedulerType::constant_with_warmup, "constant_with_warmup"}};
}  // namespace detail

constexpr std::string_view to_string(SchedulerType type) noexcept {
  return core::name_in(detail::kSchedulerNames, type);
}

/// Returns the schedule type called `name`.
/// @throws ValueError listing the allowed names, if there is no such type
SchedulerType scheduler_type(std::string_view name);

/// Computes the factor by which the initial learning rate is multiplied in each step.
class LrScheduler {
 public:
  /// warmup_steps: a number of steps, rounded down. A value below 1 is a fraction of num_training_steps, rounded up to
  /// whole steps.
  /// @throws ValueError if warmup_steps is negative
  LrScheduler(SchedulerType type, double warmup_steps, index_t num_training_steps);

  index_t num_warmup_steps() const noexcept { return warmup_; }

  /// Returns the factor for a step, a value from 0 to 1. Steps count from 0.
  double factor(index_t step) const noexcept;

 private:
  static double ratio(index_t a, index_t b) noexcept;

  SchedulerType type_;
  index_t warmup_, total_;
};

}  // namespace minibert::optim

#ifndef MINIBERT_COMPILED
#include <minibert/optim/impl/lr_scheduler.ipp>
#endif
