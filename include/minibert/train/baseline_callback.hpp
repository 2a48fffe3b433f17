// Warns if a model is no better than a trivial baseline.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <minibert/train/callback.hpp>

namespace minibert {

/// Compares the evaluation loss with the loss of a baseline that needs no model. Warns if the evaluation loss is not
/// more than 1 % below the baseline's loss. Checks the first evaluation in the second half of training. Also checks the
/// latest evaluation when training ends, but not when training is interrupted. A resumed run does not repeat a warning.
class BaselineCallback : public TrainerCallback {
 public:
  /// `name` names the baseline in the warnings "the model is no better than …" and "the model is less than 1 % better
  /// than …". `loss` is the baseline's mean loss. `notice` receives the warnings.
  BaselineCallback(std::string name, double loss, std::function<void(std::string_view)> notice);

  void on_evaluate(TrainerContext context, const Json& metrics) override;
  void on_train_end(TrainerContext context) override;

  std::string name() const override;
  Json state() const override;
  void load_state(const Json& state) override;

 private:
  void warn(std::string_view when) const;

  std::string name_;
  double loss_;
  std::function<void(std::string_view)> notice_;
  std::optional<double> last_;  // latest evaluation loss
  bool warned_half_way_ = false;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/baseline_callback.ipp>
#endif
