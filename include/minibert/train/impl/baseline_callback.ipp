// Definitions of train/baseline_callback.hpp.
#pragma once

#include <cstdio>
#include <string_view>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/train/baseline_callback.hpp>

namespace minibert {

MINIBERT_INLINE BaselineCallback::BaselineCallback(std::string name, double loss,
                                                   std::function<void(std::string_view)> notice)
    : name_(std::move(name)), loss_(loss), notice_(std::move(notice)) {}

MINIBERT_INLINE void BaselineCallback::on_evaluate(TrainerContext context, const Json& metrics) {
  last_ = metrics.at("eval_loss").as_number();
  if (warned_half_way_ || 2 * context.state.global_step < context.state.max_steps) return;
  warned_half_way_ = true;
  if (context.state.global_step < context.state.max_steps) warn("half-way, ");
}

MINIBERT_INLINE void BaselineCallback::on_train_end(TrainerContext context) {
  if (context.state.global_step >= context.state.max_steps || context.control.should_training_stop) warn("");
}

MINIBERT_INLINE std::string BaselineCallback::name() const { return "BaselineCallback"; }

MINIBERT_INLINE Json BaselineCallback::state() const {
  return Json::Object{{"args", Json::object()},
                      {"attributes", Json::Object{{"last_loss", last_ ? Json(*last_) : Json()},
                                                  {"warned_half_way", warned_half_way_}}}};
}

MINIBERT_INLINE void BaselineCallback::load_state(const Json& state) {
  const Json& attributes = state.at("attributes");
  if (const Json& last = attributes.at("last_loss"); !last.is_null()) last_ = last.as_number();
  warned_half_way_ = attributes.at("warned_half_way").as_bool();
}

MINIBERT_INLINE void BaselineCallback::warn(std::string_view when) const {
  if (!notice_ || !last_ || *last_ < 0.99 * loss_) return;
  char losses[64];
  std::snprintf(losses, sizeof losses, "evaluation loss %.3f, baseline %.3f", *last_, loss_);
  const std::string_view comparison = *last_ < loss_ ? "less than 1 % better than " : "no better than ";
  notice_(core::concat("warning: ", when, "the model is ", comparison, name_, " (", losses,
                       "); it may need more steps or another learning rate"));
}

}  // namespace minibert
