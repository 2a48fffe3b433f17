// Learning rate schedules. They depend only on the step, so there is no state to save. The formulas match transformers'
// get_scheduler.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
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

/// Returns the schedule type called `name`. @throws ValueError listing the allowed names, if it is unknown
inline SchedulerType scheduler_type(std::string_view name) {
  return core::value_in(detail::kSchedulerNames, name, "lr_scheduler_type");
}

/// Computes the factor of the learning rate for each step.
class LrScheduler {
 public:
  /// A warmup_steps below 1 is a fraction of all steps, rounded up. Otherwise it is a number of steps, rounded down.
  /// @throws ValueError for a negative warmup_steps
  LrScheduler(SchedulerType type, double warmup_steps, index_t num_training_steps)
      : type_(type), total_(num_training_steps) {
    core::check<ValueError>(warmup_steps >= 0, "warmup_steps is ", warmup_steps, ", expected 0 or more");
    const double fraction = std::ceil(warmup_steps * static_cast<double>(num_training_steps));
    warmup_ = static_cast<index_t>(warmup_steps >= 1 ? warmup_steps : fraction);
  }

  index_t num_warmup_steps() const noexcept { return warmup_; }

  /// Returns the factor for a step, from 0 to 1. Steps count from 0.
  double factor(index_t step) const noexcept {
    if (type_ == SchedulerType::constant) return 1;
    if (step < warmup_) return ratio(step, warmup_);
    switch (type_) {
      case SchedulerType::linear:
        return std::max(0.0, ratio(total_ - step, total_ - warmup_));
      case SchedulerType::cosine: {
        const double progress = ratio(step - warmup_, total_ - warmup_);
        return std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * progress)));
      }
      default:
        return 1;
    }
  }

 private:
  static double ratio(index_t a, index_t b) noexcept {
    return static_cast<double>(a) / static_cast<double>(std::max(index_t{1}, b));
  }

  SchedulerType type_;
  index_t warmup_, total_;
};

}  // namespace minibert::optim
