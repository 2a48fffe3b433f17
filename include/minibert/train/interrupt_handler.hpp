// Turns Ctrl-C and SIGTERM into a request to stop after the current step, with a checkpoint.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace minibert {

/// Handles SIGINT and SIGTERM during its lifetime. The first signal sets a flag that the Trainer checks after every
/// step; the second ends the program at once. At most one handler may exist at a time.
class InterruptHandler {
 public:
  InterruptHandler() {
    flag() = false;
    struct sigaction action {};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGINT, &action, &old_interrupt_);
    ::sigaction(SIGTERM, &action, &old_terminate_);
  }
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;
  ~InterruptHandler() {
    ::sigaction(SIGINT, &old_interrupt_, nullptr);
    ::sigaction(SIGTERM, &old_terminate_, nullptr);
  }

  /// Returns true if a signal has arrived since the last handler was constructed.
  static bool requested() noexcept { return flag().load(); }

 private:
  static std::atomic<bool>& flag() noexcept {
    static std::atomic<bool> requested{false};
    return requested;
  }

  // Uses only what is safe in a signal handler: an atomic flag, write, signal, raise.
  static void on_signal(int number) {
    if (flag().exchange(true)) {
      ::signal(number, SIG_DFL);
      ::raise(number);
      return;
    }
    constexpr std::string_view kNotice = "\nstopping after this step; interrupt again to stop at once\n";
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kNotice.data(), kNotice.size());
  }

  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace minibert
