// Definitions of train/loss_meter.hpp.
#pragma once

#include <minibert/train/loss_meter.hpp>

namespace minibert {

MINIBERT_INLINE double LossMeter::take_recent_mean() noexcept {
  const double mean = recent_steps_ == 0 ? 0 : recent_ / static_cast<double>(recent_steps_);
  recent_ = 0;
  recent_steps_ = 0;
  return mean;
}

MINIBERT_INLINE Json LossMeter::to_json() const {
  return Json::Object{{"total", total_}, {"steps", steps_}, {"recent", recent_}, {"recent_steps", recent_steps_}};
}

MINIBERT_INLINE LossMeter LossMeter::from_json(const Json& json) {
  LossMeter meter;
  meter.total_ = json.at("total").as_number();
  meter.steps_ = json.at("steps").as_integer();
  meter.recent_ = json.at("recent").as_number();
  meter.recent_steps_ = json.at("recent_steps").as_integer();
  return meter;
}

}  // namespace minibert
