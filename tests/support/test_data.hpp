// Real text and real tokenizers for tests, in the folder that MINIBERT_TEST_DATA names.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>

namespace minibert::testing {

/// The path of a test file, or nothing (with a message) where MINIBERT_TEST_DATA is not set. Under CI=true that fails.
inline std::optional<std::filesystem::path> test_data(const char* name) {
  if (const char* root = std::getenv("MINIBERT_TEST_DATA")) {
    std::filesystem::path path = std::filesystem::path(root) / name;
    REQUIRE_MESSAGE(std::filesystem::exists(path), path.string(), " does not exist");
    return path;
  }
  const char* ci = std::getenv("CI");
  REQUIRE_MESSAGE((ci == nullptr || std::string_view(ci) != "true"), "MINIBERT_TEST_DATA must be set under CI=true");
  MESSAGE("skipped: needs ", std::string(name), " (set MINIBERT_TEST_DATA)");
  return std::nullopt;
}

/// A new folder for one test, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "minibert-test-XXXXXX").string();
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
