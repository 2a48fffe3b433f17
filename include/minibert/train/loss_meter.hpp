// Computes the mean loss of the whole run, and the mean loss since the previous log entry.
#pragma once

#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

/// Adds up the losses of steps. Checkpoints contain the sums, so that a resumed run logs the same values as an
/// uninterrupted run.
class LossMeter {
 public:
  void add(double loss) noexcept {
    total_ += loss;
    recent_ += loss;
    ++steps_;
    ++recent_steps_;
  }

  /// Returns the mean loss of all steps, or 0 before the first step.
  double mean() const noexcept { return steps_ == 0 ? 0 : total_ / static_cast<double>(steps_); }

  /// Returns the mean loss of the steps since the previous call of this function, or 0 if there were none.
  double take_recent_mean() noexcept;

  Json to_json() const;
  static LossMeter from_json(const Json& json);

 private:
  double total_ = 0, recent_ = 0;
  index_t steps_ = 0, recent_steps_ = 0;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/loss_meter.ipp>
#endif
