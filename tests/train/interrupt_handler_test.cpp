#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <minibert/train/interrupt_handler.hpp>

namespace {

using minibert::InterruptHandler;

/// Returns the wait status of a child process that receives `count` signals while a handler exists.
int status_after(int signal_number, int count) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);
    const InterruptHandler handler;
    for (int i = 0; i < count; ++i) ::raise(signal_number);
    ::_exit(InterruptHandler::requested() ? 7 : 8);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_CASE("the first signal is recorded, the second one ends the program") {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    const int none = status_after(signal_number, 0), one = status_after(signal_number, 1),
              two = status_after(signal_number, 2);
    CHECK((WIFEXITED(none) && WEXITSTATUS(none) == 8));
    CHECK((WIFEXITED(one) && WEXITSTATUS(one) == 7));
    CHECK((WIFSIGNALED(two) && WTERMSIG(two) == signal_number));
  }
}

TEST_CASE("the previous handlers are restored") {
  struct sigaction before {
  }, after{};
  ::sigaction(SIGINT, nullptr, &before);
  { const InterruptHandler handler; }
  ::sigaction(SIGINT, nullptr, &after);
  CHECK((before.sa_handler == after.sa_handler));
}

}  // namespace
