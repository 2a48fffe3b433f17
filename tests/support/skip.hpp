// Skipping a test at run time, for which doctest has no means of its own.
#pragma once

#include <iostream>
#include <string_view>

#include <doctest/doctest.h>

namespace minibert::testing {

/// Prints that the running test is skipped, with its name and the reason. The test returns right after this.
inline void say_skipped(std::string_view reason) {
  std::cout << "skipped: " << doctest::getContextOptions()->currentTest->m_name << ": " << reason << std::endl;
}

}  // namespace minibert::testing
