#include <minibert/train/output_dir.hpp>

#include <string>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>

#include "support/test_data.hpp"

using namespace minibert;
using testing::TemporaryDirectory;

TEST_CASE("an output folder that is not empty is refused; an empty or missing one is accepted") {
  const TemporaryDirectory folder;
  TrainingArguments args;
  args.output_dir = folder.path();
  check_output_dir(args);
  args.output_dir = folder / "absent";
  check_output_dir(args);
  args.output_dir = folder.path();
  io::write_file(folder / "notes.txt", "x");
  CHECK_THROWS_WITH_AS(check_output_dir(args), doctest::Contains("is not empty (it contains notes.txt)"), ValueError);
  args.overwrite_output_dir = true;
  check_output_dir(args);
}

TEST_CASE("an output folder whose name is too long throws IoError") {
  const TemporaryDirectory folder;
  TrainingArguments args;
  args.output_dir = folder.path() / std::string(300, 'x');
  CHECK_THROWS_AS(check_output_dir(args), IoError);
}
