// Definitions of optim/lr_scheduler.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <minibert/core/error.hpp>
#include <minibert/optim/lr_scheduler.hpp>

namespace minibert::optim {

MINIBERT_INLINE SchedulerType scheduler_type(std::string_view name) {
  return core::value_in(detail::kSchedulerNames, name, "lr_scheduler_type");
}

MINIBERT_INLINE LrScheduler::LrScheduler(SchedulerType type, double warmup_steps, index_t num_training_steps)
    : type_(type), total_(num_training_steps) {
  core::check<ValueError>(warmup_steps >= 0, "warmup_steps is ", warmup_steps, ", expected 0 or more");
  const double fraction = std::ceil(warmup_steps * static_cast<double>(num_training_steps));
  warmup_ = static_cast<index_t>(warmup_steps >= 1 ? warmup_steps : fraction);
}

MINIBERT_INLINE double LrScheduler::factor(index_t step) const noexcept {
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

MINIBERT_INLINE double LrScheduler::ratio(index_t a, index_t b) noexcept {
  return static_cast<double>(a) / static_cast<double>(std::max(index_t{1}, b));
}

}  // namespace minibert::optim
