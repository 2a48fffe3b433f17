// Reads the code blocks of documents, so that tests can compare them with code that is compiled.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace minibert::testing {

/// Returns the contents of a file. The path is relative to the top of the repository.
inline std::string repository_file(const std::string& path) {
  const std::string here = __FILE__, top = here.substr(0, here.size() - std::string("tests/support/quotes.hpp").size());
  std::ifstream file(top + path);
  REQUIRE_MESSAGE(file, (top + path));
  return (std::ostringstream() << file.rdbuf()).str();
}

/// Returns the C++ blocks of a Markdown file.
inline std::vector<std::string> cpp_blocks(const std::string& page) {
  const std::string text = repository_file(page), fence = "```cpp\n";
  std::vector<std::string> blocks;
  for (std::size_t begin = text.find(fence); begin != std::string::npos; begin = text.find(fence, begin)) {
    begin += fence.size();
    blocks.push_back(text.substr(begin, text.find("```\n", begin) - begin));
  }
  return blocks;
}

}  // namespace minibert::testing
