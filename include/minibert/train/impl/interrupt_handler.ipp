// Definitions of train/interrupt_handler.hpp.
#pragma once

#include <unistd.h>

#include <string_view>

#include <minibert/core/config.hpp>
#include <minibert/train/interrupt_handler.hpp>

namespace minibert {

MINIBERT_INLINE InterruptHandler::InterruptHandler() {
  flag() = false;
  struct sigaction action {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &old_interrupt_);
  ::sigaction(SIGTERM, &action, &old_terminate_);
}

MINIBERT_INLINE InterruptHandler::~InterruptHandler() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
}

MINIBERT_INLINE bool InterruptHandler::requested() noexcept { return flag().load(); }

MINIBERT_INLINE std::atomic<bool>& InterruptHandler::flag() noexcept {
  static std::atomic<bool> requested{false};
  return requested;
}

MINIBERT_INLINE void InterruptHandler::on_signal(int number) {
  if (flag().exchange(true)) {
    ::signal(number, SIG_DFL);
    ::raise(number);
    return;
  }
  constexpr std::string_view kNotice = "\nstopping after this step; interrupt again to stop at once\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kNotice.data(), kNotice.size());
}

}  // namespace minibert
