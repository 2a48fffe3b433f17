#include <minibert/io/model_folder.hpp>

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>

#include "support/error_of.hpp"
#include "support/test_data.hpp"

using namespace minibert;
using testing::TemporaryDirectory;

namespace {

/// Returns the message of the error, or "accepted".
std::string refusal(const std::filesystem::path& folder) {
  return testing::error_of<IoError>([&] { io::check_model_folder(folder, "config.json"); });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("check_model_folder: a model's name gets the command that downloads it") {
  CHECK(refusal("google/muril-base-cased") ==
        "google/muril-base-cased: found no such folder, expected config.json in it; models are not fetched by their "
        "names on the Hugging Face Hub: if this is one, download it (pip install huggingface_hub) with: "
        "hf download google/muril-base-cased --local-dir google/muril-base-cased");
  for (const std::string name : {"bert-base-uncased", "l3cube-pune/marathi-bert-v2", "BERT_1.5"})
    CHECK(has(refusal(name), "hf download " + name + " --local-dir " + name));
}

TEST_CASE("check_model_folder: paths that are no names get no such advice") {
  const TemporaryDirectory folder;
  const std::string absent = (folder / "absent").string();
  CHECK(refusal(absent) == absent + ": found no such folder, expected config.json in it");
  for (const char* path : {"./bert", "../bert", "a/b/c", "my model", "bert/", "/bert", "", ".", "a//b", "-x"})
    CHECK_MESSAGE(!has(refusal(path), "hf download"), path);
  CHECK(has(refusal("~/bert"), "the shell expands ~ only at the beginning of a word"));
  // The folder runs exists, so runs/checkpoint-600 is a typing error, and not the name of a model on the Hub.
  std::filesystem::create_directory(folder / "runs");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const std::string nested = refusal("runs/checkpoint-600"), existing = refusal("runs");
  std::filesystem::current_path(before);
  CHECK(nested == "runs/checkpoint-600: found no such folder, expected config.json in it");
  CHECK(existing == "accepted");
}

TEST_CASE("check_model_folder: a file is no folder") {
  const TemporaryDirectory folder;
  io::write_file(folder / "model.safetensors", "");
  CHECK(has(refusal(folder / "model.safetensors"), "is a file, expected a folder with config.json in it"));
  CHECK(has(refusal(folder / "model.safetensors" / "below"), "found no such folder"));
}

TEST_CASE("check_model_folder: a link to nothing is not the same as no file") {
  const TemporaryDirectory folder;
  std::filesystem::create_symlink("../../blobs/0a1b", folder / "tokenizer_config.json");
  CHECK(refusal(folder.path()) == (folder / "tokenizer_config.json").string() +
                                      ": is a link to ../../blobs/0a1b, which does not exist; copy the folder with its "
                                      "files (cp -rL)");
  std::filesystem::remove(folder / "tokenizer_config.json");
  io::write_file(folder / "blob", "{}");
  std::filesystem::create_symlink("blob", folder / "config.json");
  std::filesystem::create_symlink("nowhere", folder / "notes.txt");
  CHECK(refusal(folder.path()) == "accepted");
}

TEST_CASE("subfolder_advice: names the latest checkpoint") {
  const TemporaryDirectory folder;
  CHECK(io::subfolder_advice(folder.path(), "config.json").empty());
  CHECK(io::subfolder_advice(folder / "absent", "config.json").empty());
  for (const char* name : {"checkpoint-600", "checkpoint-1000", "checkpoint-700"}) {
    std::filesystem::create_directory(folder / name);
    io::write_file(folder / name / "config.json", "{}");
  }
  CHECK(io::subfolder_advice(folder.path(), "config.json") ==
        "; the folder " + (folder / "checkpoint-1000").string() + " has one");
  std::filesystem::create_directories(folder / "a/b/c");
  io::write_file(folder / "a/b/deep.json", "{}");
  io::write_file(folder / "a/b/c/deeper.json", "{}");
  CHECK(has(io::subfolder_advice(folder.path(), "deep.json"), "a/b has one"));
  CHECK(io::subfolder_advice(folder.path(), "deeper.json").empty());
}

TEST_CASE("shell_quoted: the shell gives back every text") {
  CHECK(io::shell_quoted("models/bert-base_1.5") == "models/bert-base_1.5");
  CHECK(io::shell_quoted("it's") == "'it'\\''s'");
  CHECK(io::shell_quoted("") == "''");
  const TemporaryDirectory folder;
  for (const std::string text : {"a b", "it's", "\"$HOME\"", "`id`", "a\\b", "*?[x]", "~", "!!", "a;b&c|d", "(x)", "#",
                                 "සිංහල", "two\nlines", "-n", ""}) {
    const std::string command =
        "printf %s " + io::shell_quoted(text) + " > " + io::shell_quoted((folder / "out").string());
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(io::read_file(folder / "out") == text);
  }
}
