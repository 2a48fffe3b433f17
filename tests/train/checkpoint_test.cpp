#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <minibert/io/file.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/train/checkpoint.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

void write_checkpoint(const fs::path& path, const std::string& contents = "x") {
  CheckpointWriter writer(path);
  io::write_file(writer.folder() / "file", contents);
  writer.commit(Json::object());
}

std::vector<std::string> names(const std::vector<fs::path>& paths) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(path.filename().string());
  return names;
}

TEST_CASE("a checkpoint appears under its name only when it is complete") {
  const TemporaryDirectory folder;
  const fs::path path = checkpoint_path(folder.path(), 7);
  {
    CheckpointWriter writer(path);
    io::write_file(writer.folder() / "file", "x");
    CHECK_FALSE(fs::exists(path));
    writer.commit(Json::Object{{"answer", 42}});
  }
  CHECK(read_checkpoint(path).at("answer").as_integer() == 42);
  CHECK(names(io::list_folder(folder.path())) == std::vector<std::string>{"checkpoint-7"});
}

TEST_CASE("a checkpoint replaces the one of the same step; files of an unfinished one are removed") {
  const TemporaryDirectory folder;
  const fs::path path = checkpoint_path(folder.path(), 7);
  write_checkpoint(path, "old");
  io::make_directories(folder / ".checkpoint-7.tmp");
  io::write_file(folder / ".checkpoint-7.tmp/stale", "x");
  write_checkpoint(path, "new");
  CHECK(io::read_file(path / "file") == "new");
  CHECK(names(io::list_folder(path)) == std::vector<std::string>{"checkpoint.json", "file"});
}

TEST_CASE("the newest checkpoint is the one with the largest step; other folders are ignored") {
  const TemporaryDirectory folder;
  CHECK_FALSE(find_checkpoint(folder.path()).has_value());
  CHECK_FALSE(find_checkpoint(folder / "absent").has_value());
  for (const index_t step : {9, 10, 100}) write_checkpoint(checkpoint_path(folder.path(), step));
  for (const char* other :
       {"checkpoint-200", "checkpoint-", "checkpoint-x", "checkpoint-300x", "checkpoint--5", "other"})
    io::make_directories(folder / other);
  io::make_directories(folder / "checkpoint-99999999999999999999");
  CHECK(names(list_checkpoints(folder.path())) ==
        std::vector<std::string>{"checkpoint-9", "checkpoint-10", "checkpoint-100"});
  CHECK(find_checkpoint(folder.path()) == checkpoint_path(folder.path(), 100));
  CHECK(find_checkpoint(folder / "checkpoint-9") == folder / "checkpoint-9");
}

TEST_CASE("pruning keeps the newest checkpoints and the best one") {
  const TemporaryDirectory folder;
  for (const index_t step : {1, 2, 3, 4, 5}) write_checkpoint(checkpoint_path(folder.path(), step));
  prune_checkpoints(folder.path(), 0, std::nullopt);
  CHECK(list_checkpoints(folder.path()).size() == 5);
  prune_checkpoints(folder.path(), 2, "elsewhere/checkpoint-2");
  CHECK(names(io::list_folder(folder.path())) ==
        std::vector<std::string>{"checkpoint-2", "checkpoint-4", "checkpoint-5"});
  prune_checkpoints(folder.path(), 1, std::nullopt);
  CHECK(names(io::list_folder(folder.path())) == std::vector<std::string>{"checkpoint-5"});
}

TEST_CASE("remove_leftovers removes unfinished checkpoints and nothing else") {
  const TemporaryDirectory folder;
  for (const char* name : {".checkpoint-5.tmp/below", ".checkpoint-3.removing", ".checkpoint-4.replaced", ".git",
                           ".notes.tmp", "checkpoint-1"})
    io::make_directories(folder / name);
  remove_leftovers(folder.path(), true);
  CHECK(names(io::list_folder(folder.path())) == std::vector<std::string>{".git", ".notes.tmp", "checkpoint-1"});
}

TEST_CASE("remove_leftovers recovers a complete checkpoint with a hidden name, the newer of two, only if asked to") {
  const auto write = [](const std::filesystem::path& path, const char* text) {
    CheckpointWriter writer(path);
    io::write_file(writer.folder() / "text", text);
    writer.commit(Json::object());
  };
  const auto crash = [&](const TemporaryDirectory& folder) {  // between the two renames of commit()
    write(folder / "checkpoint-1", "old");
    io::move_path(folder / "checkpoint-1", folder / ".checkpoint-1.replaced");
    write(folder / "checkpoint-1", "new");
    io::move_path(folder / "checkpoint-1", folder / ".checkpoint-1.tmp");
  };
  const TemporaryDirectory both, damaged, fresh;
  crash(both);
  remove_leftovers(both.path(), true);
  CHECK(names(io::list_folder(both.path())) == std::vector<std::string>{"checkpoint-1"});
  CHECK(io::read_file(both / "checkpoint-1/text") == "new");
  crash(damaged);
  io::write_file(damaged / ".checkpoint-1.tmp/text", "damaged");
  remove_leftovers(damaged.path(), true);
  CHECK(names(io::list_folder(damaged.path())) == std::vector<std::string>{"checkpoint-1"});
  CHECK(io::read_file(damaged / "checkpoint-1/text") == "old");
  crash(fresh);
  remove_leftovers(fresh.path(), false);
  CHECK(io::list_folder(fresh.path()).empty());
}

/// Declares a parameter, lets `load` read it, and returns its fourth element.
template <class Load>
float loaded(const char* name, Shape shape, Load load) {
  ParameterStore<float> store;
  store.declare(name, shape);
  load(store.in_order());
  return store.in_order()[0]->data[3];
}

TEST_CASE("weights of another model are refused; the error names the tensor") {
  const TemporaryDirectory folder;
  const std::vector<float> values = {1, 2, 3, 4};
  write_safetensors<float>(folder / kModelName, {{"a", {2, 2}, values.data()}});
  const auto load = [&](const auto& parameters) { load_parameters(folder / kModelName, parameters); };
  CHECK(loaded("a", {2, 2}, load) == 4.0f);
  const std::string file = (folder / kModelName).string();
  CHECK_THROWS_WITH_AS(loaded("b", {2, 2}, load), (file + ": the tensor b is missing").c_str(), FormatError);
  CHECK_THROWS_WITH_AS(loaded("a", {4}, load), (file + ": the tensor a has shape (2, 2), expected (4)").c_str(),
                       FormatError);
}

TEST_CASE("load_model reads only the model of a checkpoint, and refuses a damaged one") {
  const TemporaryDirectory folder;
  const fs::path path = checkpoint_path(folder.path(), 7);
  const std::vector<float> values = {1, 2, 3, 4};
  CheckpointWriter writer(path);
  write_safetensors<float>(writer.folder() / kModelName, {{"a", {2, 2}, values.data()}});
  io::write_file(writer.folder() / kOptimizerName, "x");
  writer.commit(Json::object());
  fs::remove(path / kOptimizerName);
  const auto load = [&](const auto& parameters) { load_model(path, parameters); };
  CHECK(loaded("a", {2, 2}, load) == 4.0f);
  std::string contents = io::read_file(path / kModelName);
  contents.back() = static_cast<char>(contents.back() ^ 1);
  io::write_file(path / kModelName, contents);
  try {
    loaded("a", {2, 2}, load);
    FAIL("no error");
  } catch (const FormatError& error) {
    CHECK(std::string(error.what()).starts_with(path.string() + ": model.safetensors is damaged: its fingerprint is "));
  }
}

}  // namespace
