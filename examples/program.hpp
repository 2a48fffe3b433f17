// Functions that all programs share: exit codes, error messages, lines of standard input, and output that is checked
// for write errors.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

/// The command line is wrong. The program ends with exit code 2, as Python's argparse.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ends the program with exit code 0, because --help or --version has been answered.
struct Answered {};

/// Flushes std::cout and stdout. @throws IoError if a result could not be written, now or earlier
inline void flush_output() {
  if (std::cout) errno = 0;  // otherwise errno is still that of the write that has failed
  if (std::cout.flush() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  const std::string cause = errno == 0 ? "" : std::string(": ") + std::strerror(errno);
  minibert::core::raise<minibert::IoError>("cannot write the results to standard output", cause);
}

/// Returns the message without "<name>: " at its beginning, if it begins so.
inline std::string_view without_name(std::string_view message, std::string_view name) {
  const bool begins = message.starts_with(name) && message.substr(name.size()).starts_with(": ");
  return begins ? message.substr(name.size() + 2) : message;
}

/// Reads the lines of standard input, which may end with LF or CRLF. The last line needs no end.
class InputLines {
 public:
  /// Reads the next line. Returns false at the end of the input. @throws IoError if the input cannot be read
  bool next(std::string& line) {
    errno = 0;
    if (!std::getline(std::cin, line)) {
      if (std::cin.bad() || std::ferror(stdin) != 0)
        minibert::core::raise<minibert::IoError>("cannot read standard input",
                                                 errno == 0 ? "" : std::string(": ") + std::strerror(errno));
      return false;
    }
    ++number_;
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }
  /// Returns the number of the latest line, from 1.
  minibert::index_t number() const { return number_; }

 private:
  minibert::index_t number_ = 0;
};

/// Runs work(), which returns an exit code, and returns the code for the system: 1 after an error, and 2 after a
/// UsageError. Prints the error's message on standard error, after the program's name.
template <class Work>
int run_program(std::string_view name, Work work) {
  const auto fail = [&](int code, std::string_view message, std::string_view hint = {}) {
    std::cout.clear();
    std::cout.flush();
    std::cerr << name << ": " << without_name(message, name) << hint << '\n';
    return code;
  };
  try {
    const int code = work();
    flush_output();
    return code;
  } catch (const Answered&) {
    return 0;
  } catch (const UsageError& error) {
    return fail(2, error.what(), "; --help lists the options");
  } catch (const std::bad_alloc&) {
    return fail(1, "there is not enough memory");
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}
