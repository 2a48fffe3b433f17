#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/file_descriptor.hpp>

#include "support/test_data.hpp"

namespace {

using minibert::IoError;
using minibert::testing::TemporaryDirectory;

TEST_CASE("a file is read part by part, the last one as long as what is left") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "file", "0123456789");
  const minibert::io::FileDescriptor file(folder / "file", O_RDONLY);
  CHECK(file.size(folder / "file") == 10);
  std::vector<char> buffer(4);
  std::vector<std::string> parts;
  for (std::string_view part; !(part = file.read(buffer, folder / "file")).empty();) parts.emplace_back(part);
  CHECK(parts == std::vector<std::string>{"0123", "4567", "89"});
  const minibert::io::FileDescriptor not_a_file(folder.path(), O_RDONLY);
  CHECK_THROWS_AS(not_a_file.size(folder.path()), IoError);
  CHECK_THROWS_AS(not_a_file.read(buffer, folder.path()), IoError);
}

TEST_CASE("a full disk is an error, not a short file") {
  if (!std::filesystem::exists("/dev/full")) return;
  const minibert::io::FileDescriptor full("/dev/full", O_WRONLY);
  CHECK_THROWS_WITH_AS(full.write_all("x", "/dev/full"), "/dev/full: cannot write: No space left on device", IoError);
}

TEST_CASE("a lock is held once, and is_at notices a file that was replaced") {
  const TemporaryDirectory folder;
  const std::filesystem::path path = folder / "file";
  minibert::io::write_file(path, "x");
  {
    const minibert::io::FileDescriptor first(path, O_WRONLY), second(path, O_WRONLY);
    CHECK(first.try_lock());
    CHECK_FALSE(second.try_lock());
    CHECK(first.is_at(path));
    minibert::io::write_file(path, "another file");
    CHECK_FALSE(first.is_at(path));
  }
  CHECK(minibert::io::FileDescriptor(path, O_WRONLY).try_lock());
}

}  // namespace
