#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/io/file.hpp>

#include "support/skip.hpp"
#include "support/test_data.hpp"

namespace {

using minibert::IoError;
using minibert::testing::TemporaryDirectory;
namespace fs = std::filesystem;

std::ptrdiff_t count_entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST_CASE("what is written is read, and nothing else stays in the folder") {
  const TemporaryDirectory folder;
  const std::string contents("a\0b\r\n", 5);
  minibert::write_file(folder / "file", contents);
  CHECK(minibert::read_file(folder / "file") == contents);
  minibert::write_file(folder / "file", "new");
  CHECK(minibert::read_file(folder / "file") == "new");
  CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("an empty file maps to an empty view") {
  const TemporaryDirectory folder;
  minibert::write_file(folder / "empty", "");
  CHECK(minibert::MappedFile(folder / "empty").view().empty());
}

TEST_CASE("a file is read part by part, the last one as long as what is left") {
  const TemporaryDirectory folder;
  minibert::write_file(folder / "file", "0123456789");
  const minibert::detail::FileDescriptor file(folder / "file", O_RDONLY);
  CHECK(file.size(folder / "file") == 10);
  std::vector<char> buffer(4);
  std::vector<std::string> parts;
  for (std::string_view part; !(part = file.read(buffer, folder / "file")).empty();) parts.emplace_back(part);
  CHECK(parts == std::vector<std::string>{"0123", "4567", "89"});
  const minibert::detail::FileDescriptor not_a_file(folder.path(), O_RDONLY);
  CHECK_THROWS_AS(not_a_file.size(folder.path()), IoError);
  CHECK_THROWS_AS(not_a_file.read(buffer, folder.path()), IoError);
}

TEST_CASE("a mapping moves") {
  const TemporaryDirectory folder;
  minibert::write_file(folder / "file", "text");
  minibert::MappedFile first(folder / "file");
  minibert::MappedFile second(std::move(first));
  CHECK(second.view() == "text");
  first = std::move(second);
  CHECK(first.view() == "text");
}

TEST_CASE("a file that is not committed never appears and the old one stays") {
  const TemporaryDirectory folder;
  minibert::write_file(folder / "file", "old");
  {
    minibert::AtomicFile file(folder / "file");
    file.write("half of the ne");
    CHECK(minibert::read_file(folder / "file") == "old");
  }
  CHECK(minibert::read_file(folder / "file") == "old");
  CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("what a killed writer left behind is overwritten") {
  const TemporaryDirectory folder;
  std::ofstream(folder / ".file.tmp") << "a longer leftover";
  minibert::write_file(folder / "file", "new");
  CHECK(minibert::read_file(folder / "file") == "new");
  CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("errors name the path and the reason") {
  const TemporaryDirectory folder;
  const auto message = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(message([&] { minibert::read_file(folder / "absent"); }) ==
        (folder / "absent").string() + ": cannot open: No such file or directory");
  CHECK(message([&] { minibert::read_file(folder.path()); }) == folder.path().string() + ": not a regular file");
  CHECK(message([&] { minibert::write_file(folder / "absent/file", "x"); }).find("cannot create") != std::string::npos);
  minibert::write_file(folder / "file", "x");
  CHECK(message([&] { minibert::make_directories(folder / "file/below"); }).find("Not a directory") !=
        std::string::npos);
}

TEST_CASE("a full disk is an error, not a short file") {
  if (!fs::exists("/dev/full")) return minibert::testing::say_skipped("there is no /dev/full");
  const minibert::detail::FileDescriptor full("/dev/full", O_WRONLY);
  CHECK_THROWS_WITH_AS(full.write_all("x", "/dev/full"), "/dev/full: cannot write: No space left on device", IoError);
}

TEST_CASE("remove_tree removes folders, files and dangling links, and accepts their absence") {
  const TemporaryDirectory folder;
  minibert::make_directories(folder / "tree/below");
  minibert::write_file(folder / "tree/below/file", "x");
  minibert::make_directories(folder / ".tree.removing/leftover of an earlier removal");
  fs::create_symlink("nowhere", folder / "link");
  minibert::remove_tree(folder / "tree");
  minibert::remove_tree(folder / "link");
  minibert::remove_tree(folder / "absent");
  CHECK(count_entries(folder.path()) == 0);
}

}  // namespace
