// Turns Ctrl-C and SIGTERM into a request to stop after the current step, with a checkpoint.
#pragma once

#include <signal.h>

#include <atomic>

namespace minibert {

/// Handles SIGINT and SIGTERM as long as an object of this class exists. The first signal sets a flag that the Trainer
/// checks after every step. The second signal ends the program at once. At most one object may exist at a time.
class InterruptHandler {
 public:
  InterruptHandler();
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;
  ~InterruptHandler();

  /// Returns true if a signal has arrived since the most recent InterruptHandler was constructed.
  static bool requested() noexcept;

 private:
  static std::atomic<bool>& flag() noexcept;

  // Uses only operations that are safe in a signal handler: an atomic flag, write, signal, raise.
  static void on_signal(int number);

  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/interrupt_handler.ipp>
#endif
