// Skips a test at run time, which doctest itself cannot do.
#pragma once

#include <iostream>
#include <string_view>

#include <doctest/doctest.h>

namespace minibert::testing {

/// Prints that the running test is skipped, with its name and the reason. The test must then return.
inline void say_skipped(std::string_view reason) {
  std::cout << "skipped: " << doctest::getContextOptions()->currentTest->m_name << ": " << reason << std::endl;
}

}  // namespace minibert::testing
