// Warns if a model is no better than a trivial baseline.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/train/callback.hpp>

namespace minibert {

/// Compares the evaluation loss with the loss of a baseline that needs no model. Warns if the loss is not at least 1 %
/// below the baseline half-way through training or at its end.
class BaselineCallback : public TrainerCallback {
 public:
  /// `name` is the baseline and completes the sentence "the model is no better than …".
  BaselineCallback(std::string name, double loss, std::function<void(std::string_view)> notice)
      : name_(std::move(name)), loss_(loss), notice_(std::move(notice)) {}

  void on_evaluate(TrainerContext context, const Json& metrics) override {
    last_ = metrics.at("eval_loss").as_number();
    if (warned_half_way_ || 2 * context.state.global_step < context.state.max_steps) return;
    warned_half_way_ = true;
    if (context.state.global_step < context.state.max_steps) warn("half-way, ");
  }
  void on_train_end(TrainerContext) override { warn(""); }

 private:
  void warn(std::string_view when) const {
    if (!last_ || *last_ < 0.99 * loss_) return;
    char losses[64];
    std::snprintf(losses, sizeof losses, "evaluation loss %.3f, baseline %.3f", *last_, loss_);
    notice_(core::concat("warning: ", when, "the model is no better than ", name_, " (", losses,
                         "); it may need more steps or another learning rate"));
  }

  std::string name_;
  double loss_;
  std::function<void(std::string_view)> notice_;
  std::optional<double> last_;
  bool warned_half_way_ = false;
};

}  // namespace minibert
