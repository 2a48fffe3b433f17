// Shows the progress of training on standard error: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include <minibert/minibert.hpp>

#include "count_text.hpp"
#include "progress_bar.hpp"

/// Shows step, smoothed loss, perplexity, speed and remaining time.
class ProgressCallback : public minibert::TrainerCallback {
 public:
  /// Prints a line of text above the bar.
  void print(std::string_view text) {
    line_.clear();
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }

  void on_train_begin(minibert::TrainerContext context) override {
    elapsed_.restart();
    first_step_ = context.state.global_step;
  }

  void on_step_end(minibert::TrainerContext context) override {
    tokens_ += context.last_step.num_tokens;
    const double loss = context.last_step.loss;
    loss_ = context.state.global_step == first_step_ + 1 ? loss : 0.95 * loss_ + 0.05 * loss;
    if (!announced_ && (elapsed_.seconds() > 5 || context.state.global_step == first_step_ + 20)) {
      announced_ = true;
      print("the rest will take about " + duration_text(remaining(context)));
    }
    if (!line_.is_due()) return;
    line_.draw(bar_text(static_cast<double>(context.state.global_step), static_cast<double>(context.state.max_steps)) +
               " " + status(context, loss_));
  }

  void on_log(minibert::TrainerContext context, const minibert::Json& entry) override {
    if (entry.find("loss") != nullptr && !line_.is_terminal()) print(status(context, entry.at("loss").as_number()));
    if (const minibert::Json* loss = entry.find("eval_loss")) {
      char text[128];
      std::snprintf(text, sizeof text, "step %lld: evaluation loss %.3f, perplexity %s",
                    static_cast<long long>(context.state.global_step), loss->as_number(),
                    perplexity_text(loss->as_number()).c_str());
      print(text);
    }
  }

  void on_train_end(minibert::TrainerContext) override { line_.clear(); }

 private:
  double remaining(const minibert::TrainerContext& context) const {
    const auto done = static_cast<double>(context.state.global_step - first_step_);
    return elapsed_.seconds() / done * static_cast<double>(context.state.max_steps - context.state.global_step);
  }

  std::string status(const minibert::TrainerContext& context, double loss) const {
    char text[160];
    std::snprintf(text, sizeof text, "%lld/%lld  loss %.3f  perplexity %s  %.0f tokens/s  %s left",
                  static_cast<long long>(context.state.global_step), static_cast<long long>(context.state.max_steps),
                  loss, perplexity_text(loss).c_str(),
                  static_cast<double>(tokens_) / std::max(elapsed_.seconds(), 1e-9),
                  duration_text(remaining(context)).c_str());
    return text;
  }

  Stopwatch elapsed_;
  TerminalLine line_;
  minibert::index_t first_step_ = 0, tokens_ = 0;
  double loss_ = 0;  // smoothed: each step counts 5 %
  bool announced_ = false;
};
