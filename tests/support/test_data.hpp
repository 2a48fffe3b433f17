// Real text and real tokenizers for tests, in the folder that MINIBERT_TEST_DATA names.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>

#include "support/skip.hpp"

namespace minibert::testing {

/// Returns the path of a test file. Without MINIBERT_TEST_DATA, prints that the test is skipped and returns nullopt.
inline std::optional<std::filesystem::path> test_data(const char* name) {
  if (const char* root = std::getenv("MINIBERT_TEST_DATA"); root != nullptr && *root != '\0') {
    std::filesystem::path path = std::filesystem::path(root) / name;
    REQUIRE_MESSAGE(std::filesystem::exists(path), path.string(), " does not exist");
    return path;
  }
  say_skipped("MINIBERT_TEST_DATA is not set");
  return std::nullopt;
}

/// Creates a folder for one test, and removes it with its contents.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "minibert-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace minibert::testing
