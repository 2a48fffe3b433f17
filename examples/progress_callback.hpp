// How training goes, on standard error: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include <minibert/minibert.hpp>

#include "progress_bar.hpp"

class ProgressCallback : public minibert::TrainerCallback {
 public:
  /// A line of text, above the bar if there is one.
  void print(std::string_view text) {
    clear_bar();
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }

  void on_train_begin(minibert::TrainerContext context) override {
    start_ = last_drawn_ = Clock::now();
    first_step_ = context.state.global_step;
  }

  void on_step_end(minibert::TrainerContext context) override {
    tokens_ += context.last_step.num_tokens;
    const double loss = context.last_step.loss;
    loss_ = context.state.global_step == first_step_ + 1 ? loss : 0.95 * loss_ + 0.05 * loss;
    const double elapsed = seconds_since(start_);
    if (!announced_ && (elapsed > 5 || context.state.global_step == first_step_ + 20)) {
      announced_ = true;
      print("the rest will take about " + duration_text(remaining(context)));
    }
    if (is_terminal_ && seconds_since(last_drawn_) > 0.2) draw(context);
  }

  void on_log(minibert::TrainerContext context, const minibert::Json& entry) override {
    if (entry.find("loss") != nullptr && !is_terminal_) print(status(context, entry.at("loss").as_number()));
    if (const minibert::Json* loss = entry.find("eval_loss")) {
      char text[128];
      std::snprintf(text, sizeof text, "step %lld: evaluation loss %.3f, perplexity %.1f",
                    static_cast<long long>(context.state.global_step), loss->as_number(), std::exp(loss->as_number()));
      print(text);
    }
  }

  void on_train_end(minibert::TrainerContext) override { clear_bar(); }

 private:
  using Clock = std::chrono::steady_clock;

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  double remaining(const minibert::TrainerContext& context) const {
    const auto done = static_cast<double>(context.state.global_step - first_step_);
    return seconds_since(start_) / done * static_cast<double>(context.state.max_steps - context.state.global_step);
  }

  std::string status(const minibert::TrainerContext& context, double loss) const {
    char text[160];
    std::snprintf(text, sizeof text, "%lld/%lld  loss %.3f  perplexity %.0f  %.0f tokens/s  %s left",
                  static_cast<long long>(context.state.global_step), static_cast<long long>(context.state.max_steps),
                  loss, std::exp(loss), static_cast<double>(tokens_) / std::max(seconds_since(start_), 1e-9),
                  duration_text(remaining(context)).c_str());
    return text;
  }

  void draw(const minibert::TrainerContext& context) {
    const std::string bar =
        bar_text(static_cast<double>(context.state.global_step), static_cast<double>(context.state.max_steps));
    std::fprintf(stderr, "\r\033[K%s %s", bar.c_str(), status(context, loss_).c_str());
    last_drawn_ = Clock::now();
    is_drawn_ = true;
  }
  void clear_bar() {
    if (is_drawn_) std::fputs("\r\033[K", stderr);
    is_drawn_ = false;
  }

  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  Clock::time_point start_, last_drawn_;
  minibert::index_t first_step_ = 0, tokens_ = 0;
  double loss_ = 0;  // smoothed
  bool announced_ = false, is_drawn_ = false;
};
