#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include <minibert/core/error.hpp>
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
  minibert::io::write_file(folder / "file", contents);
  CHECK(minibert::io::read_file(folder / "file") == contents);
  minibert::io::write_file(folder / "file", "new");
  CHECK(minibert::io::read_file(folder / "file") == "new");
  CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("an empty file maps to an empty view") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "empty", "");
  CHECK(minibert::MappedFile(folder / "empty").view().empty());
}

TEST_CASE("a mapping moves") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "file", "text");
  minibert::MappedFile first(folder / "file");
  minibert::MappedFile second(std::move(first));
  CHECK(second.view() == "text");
  first = std::move(second);
  CHECK(first.view() == "text");
}

TEST_CASE("a file that is not committed never appears and the old one stays") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "file", "old");
  {
    minibert::AtomicFile file(folder / "file");
    file.write("half of the ne");
    CHECK(minibert::io::read_file(folder / "file") == "old");
  }
  CHECK(minibert::io::read_file(folder / "file") == "old");
  CHECK(count_entries(folder.path()) == 1);
}

TEST_CASE("what a killed writer left behind is overwritten") {
  const TemporaryDirectory folder;
  std::ofstream(folder / ".file.tmp") << "a longer leftover";
  minibert::io::write_file(folder / "file", "new");
  CHECK(minibert::io::read_file(folder / "file") == "new");
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
  CHECK(message([&] { minibert::io::read_file(folder / "absent"); }) ==
        (folder / "absent").string() + ": cannot open: No such file or directory");
  CHECK(message([&] { minibert::io::read_file(folder.path()); }) ==
        folder.path().string() + ": not a regular file, but a folder, pipe or device");
  CHECK(message([&] { minibert::io::write_file(folder / "absent/file", "x"); }).find("cannot create") !=
        std::string::npos);
  minibert::io::write_file(folder / "file", "x");
  CHECK(message([&] { minibert::io::make_directories(folder / "file/below"); }).find("Not a directory") !=
        std::string::npos);
}

TEST_CASE("path_exists and list_folder: what is there, in order, and IoError where the system cannot tell") {
  const TemporaryDirectory folder;
  for (const char* name : {"b", "a", ".hidden"}) minibert::io::write_file(folder / name, "x");
  CHECK(minibert::io::list_folder(folder.path()) ==
        std::vector<fs::path>{folder / ".hidden", folder / "a", folder / "b"});
  CHECK(minibert::io::path_exists(folder / "a"));
  CHECK(minibert::io::path_exists(folder.path()));
  CHECK_FALSE(minibert::io::path_exists(folder / "absent"));
  CHECK_FALSE(minibert::io::path_exists(folder / "a/below"));
  CHECK_THROWS_AS(minibert::io::path_exists(folder.path() / std::string(300, 'x')), IoError);
  CHECK_THROWS_AS(minibert::io::list_folder(folder / "absent"), IoError);
}

TEST_CASE("check_writable names the place where nothing can be created, and changes nothing") {
  const TemporaryDirectory folder;
  minibert::io::write_file(folder / "file", "x");
  CHECK_NOTHROW(minibert::io::check_writable(folder.path()));
  CHECK_NOTHROW(minibert::io::check_writable(folder / "new/below"));
  CHECK_NOTHROW(minibert::io::check_writable("a-new-folder"));
  CHECK_THROWS_WITH_AS(minibert::io::check_writable(folder / "file"), doctest::Contains("file: is not a folder"),
                       IoError);
  CHECK_THROWS_AS(minibert::io::check_writable(folder / "file/below"), IoError);
  CHECK(count_entries(folder.path()) == 1);
  CHECK(minibert::io::available_space(folder.path()).value_or(1) > 0);
  CHECK_FALSE(minibert::io::available_space(folder / "absent").has_value());
}

TEST_CASE("remove_tree removes folders, files and dangling links, and accepts their absence") {
  const TemporaryDirectory folder;
  minibert::io::make_directories(folder / "tree/below");
  minibert::io::write_file(folder / "tree/below/file", "x");
  minibert::io::make_directories(folder / ".tree.removing/leftover of an earlier removal");
  fs::create_symlink("nowhere", folder / "link");
  minibert::io::remove_tree(folder / "tree");
  minibert::io::remove_tree(folder / "link");
  minibert::io::remove_tree(folder / "absent");
  CHECK(count_entries(folder.path()) == 0);
}

}  // namespace
