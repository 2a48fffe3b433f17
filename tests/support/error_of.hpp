// Returns the message of an error, for tests of messages.
#pragma once

#include <string>

namespace minibert::testing {

/// Calls f. Returns the message of the E that f throws, or "accepted" if f throws nothing.
template <class E, class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace minibert::testing
