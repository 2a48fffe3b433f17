#include "program.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/programs.hpp"

using namespace minibert::testing;

TEST_CASE("--help and --version print to standard output and end with 0") {
  for (const char* name : {"fill_mask", "tokenize", "train_tokenizer", "train_mlm"}) {
    CAPTURE(name);
    const Ran help = run(name, {"--help"}), version = run(name, {"--version"});
    CHECK(help.code == 0);
    CHECK(help.out.find("--threads") != (std::string(name) == "tokenize" ? 0 : std::string::npos));
    CHECK(version.code == 0);
    CHECK(version.out.starts_with(std::string(name) + " of minibert "));
    CHECK((help.err + version.err).empty());
  }
}

TEST_CASE("results that cannot be written are an error, in every program") {
  if (!std::filesystem::exists("/dev/full")) return;
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt"), model = shared_folder().file("model");
  const auto fails = [](const std::string& name, const std::vector<std::string>& arguments,
                        const std::string& input = "") {
    CAPTURE(name);
    const Ran ran = run(name, arguments, input, "/dev/full");
    CHECK(ran.code == 1);
    CHECK_MESSAGE(ran.says(name + ": cannot write the results to standard output: No space left on device\n"), ran.err);
  };
  for (const char* name : {"fill_mask", "tokenize", "train_tokenizer", "train_mlm"}) {
    fails(name, {"--help"});
    fails(name, {"--version"});
  }
  fails("fill_mask", {"--model", model, "a [MASK]"});
  fails("fill_mask", {"--model", model, "--json"}, "a [MASK]\nb [MASK]\n");
  fails("fill_mask", {"--model", model, "--json"}, "no mask\n");
  fails("tokenize", {"--tokenizer", model}, "the king\n");
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "the old king sees a young queen by the river\n";
  fails("tokenize", {"--tokenizer", model}, many);
  fails("train_tokenizer", {"--train_file", text, "--vocab_size", "60", "--output_dir", folder.path() / "t"});
  fails("train_mlm", ProgramFolder::training(text, folder.path() / "m"));
}

TEST_CASE("a failure ends with 1, and its message names the program once") {
  const TemporaryDirectory folder;
  const std::string absent = folder.path() / "absent";
  const auto fails = [&](const std::string& name, const std::vector<std::string>& arguments,
                         const std::string& input = "") {
    const Ran ran = run(name, arguments, input);
    CHECK(ran.code == 1);
    CHECK(ran.err.starts_with(name + ": "));
    CHECK_MESSAGE(ran.err.find(": " + name + ": ") == std::string::npos, ran.err);
    return ran;
  };
  CHECK(fails("fill_mask", {"--model", absent, "[MASK]"}).says("found no such folder"));
  CHECK(fails("tokenize", {"--tokenizer", "bert-base-uncased"})
            .says("hf download bert-base-uncased --local-dir bert-base-uncased"));
  fails("train_tokenizer", {"--train_file", absent, "--vocab_size", "60", "--output_dir", absent});
  fails("train_mlm", ProgramFolder::training(absent, absent));
  CHECK(fails("fill_mask", {"--model", shared_folder().file("model"), "a", "b"})
            .says("text 2: the text 'b' contains no"));
  CHECK(
      fails("fill_mask", {"--model", shared_folder().file("model"), "--top_k", "91", "[MASK]"}).says("--top_k is 91"));
}

TEST_CASE("an input that cannot be read is an error, not an empty input") {
  const std::string model = shared_folder().file("model");
  for (const std::string name : {"fill_mask --model", "tokenize --tokenizer"}) {
    const Ran ran = run_file("/bin/sh", {"-c", program(name) + " '" + model + "' < /"});
    CHECK(ran.code == 1);
    CHECK_MESSAGE(ran.says("cannot read standard input: Is a directory"), ran.err);
  }
}

TEST_CASE("a message loses the name that begins it, and no other word") {
  CHECK(without_name("fill_mask: no mask", "fill_mask") == "no mask");
  CHECK(without_name("fill_mask", "fill_mask") == "fill_mask");
  CHECK(without_name("fill_masks: x", "fill_mask") == "fill_masks: x");
}
