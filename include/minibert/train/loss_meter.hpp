// Computes the mean loss of the whole run, and since the last log entry.
#pragma once

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

/// Adds up the losses of steps. Checkpoints store it, so that a resumed run logs the same values as an uninterrupted
/// run.
class LossMeter {
 public:
  void add(double loss) noexcept {
    total_ += loss;
    recent_ += loss;
    ++steps_;
    ++recent_steps_;
  }

  /// Returns the mean over all steps; 0 before the first step.
  double mean() const noexcept { return steps_ == 0 ? 0 : total_ / static_cast<double>(steps_); }

  /// Returns the mean over the steps since the last call; 0 if there were none.
  double take_recent_mean() noexcept {
    const double mean = recent_steps_ == 0 ? 0 : recent_ / static_cast<double>(recent_steps_);
    recent_ = 0;
    recent_steps_ = 0;
    return mean;
  }

  Json to_json() const {
    return Json::Object{{"total", total_}, {"steps", steps_}, {"recent", recent_}, {"recent_steps", recent_steps_}};
  }
  static LossMeter from_json(const Json& json) {
    LossMeter meter;
    meter.total_ = json.at("total").as_number();
    meter.steps_ = json.at("steps").as_integer();
    meter.recent_ = json.at("recent").as_number();
    meter.recent_steps_ = json.at("recent_steps").as_integer();
    return meter;
  }

 private:
  double total_ = 0, recent_ = 0;
  index_t steps_ = 0, recent_steps_ = 0;
};

}  // namespace minibert
