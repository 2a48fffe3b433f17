// Shows the progress of work that takes longer than a second, on standard error. Draws bars on a terminal only.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>

/// Formats a duration: "2 h 05 min", "4 min 12 s" or "35 s".
inline std::string duration_text(double seconds) {
  const long s = std::lround(std::max(0.0, seconds));
  char text[64];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld h %02ld min", s / 3600, s % 3600 / 60);
  else if (s >= 60)
    std::snprintf(text, sizeof text, "%ld min %02ld s", s / 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld s", s);
  return text;
}

/// Returns a progress bar as text: "[######..................]".
inline std::string bar_text(double done, double total) {
  constexpr int kWidth = 24;
  const auto filled = static_cast<std::size_t>(kWidth * std::clamp(done / std::max(total, 1.0), 0.0, 1.0));
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "]";
}

/// Measures the seconds since construction or the last restart().
class Stopwatch {
 public:
  void restart() { start_ = Clock::now(); }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// A terminal line that is redrawn in place, at most five times a second. Without a terminal, is_due()
/// always returns false.
class TerminalLine {
 public:
  bool is_due() const { return is_terminal_ && last_drawn_.seconds() >= 0.2; }
  bool is_terminal() const { return is_terminal_; }
  void draw(const std::string& text) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    last_drawn_.restart();
    is_drawn_ = true;
  }
  /// Erases the line, so that the next output starts on an empty line.
  void clear() {
    if (is_drawn_) std::fputs("\r\033[K", stderr);
    is_drawn_ = false;
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  Stopwatch last_drawn_;
  bool is_drawn_ = false;
};

/// Shows a bar for each task in turn, and prints how long the task took. Shows nothing for tasks shorter than a second.
class ProgressBar {
 public:
  ProgressBar() = default;
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { finish(); }

  /// Reports the progress of a task, such as "tokenizing". Another name starts a new task.
  void update(std::string_view what, minibert::index_t done, minibert::index_t total) {
    if (what != what_ || done < done_) {
      finish();
      what_ = what;
      elapsed_.restart();
    }
    done_ = done;
    const double elapsed = elapsed_.seconds();
    if (elapsed < 1 || !line_.is_due()) return;
    const double share = static_cast<double>(done) / static_cast<double>(std::max<minibert::index_t>(total, 1));
    line_.draw(what_ + " " + bar_text(share, 1) + " " + std::to_string(std::lround(100 * share)) + " %, " +
               duration_text(elapsed / std::max(share, 1e-9) * (1 - share)) + " left");
  }

  /// Ends the task and prints how long it took. The next output starts on an empty line.
  void finish() {
    line_.clear();
    if (!what_.empty() && elapsed_.seconds() >= 1)
      std::fprintf(stderr, "%s took %s\n", what_.c_str(), duration_text(elapsed_.seconds()).c_str());
    what_.clear();
    done_ = 0;
  }

 private:
  std::string what_;
  Stopwatch elapsed_;
  TerminalLine line_;
  minibert::index_t done_ = 0;
};
