#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/io/json.hpp>

#include "support/programs.hpp"

using namespace minibert::testing;

namespace {

/// Returns texts that some parsers take for syntax of their own.
std::vector<std::string> hostile_texts() {
  return {"[MASK]",
          "[corpus]",
          "[a,b]",
          "[]",
          "[[x]]",
          "[",
          "]",
          "%%",
          "%s%n",
          "{}",
          "{a}",
          "'q'",
          "\"q\"",
          "`q`",
          "-x",
          "--x",
          "--json",
          "--json=false",
          "-",
          "-1",
          "a=b",
          "=",
          "\x01",
          "\x02"
          "b",
          " ",
          "a b ",
          "x\ny",
          "\t",
          "@file",
          "#c",
          "\\",
          "\\n",
          "true",
          "0",
          "*",
          "$HOME",
          "ෆ",
          "/MASK",
          "++"};
}

/// Changes the current folder to `folder`. The destructor changes back.
class CurrentFolder {
 public:
  explicit CurrentFolder(const std::filesystem::path& folder) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~CurrentFolder() { std::filesystem::current_path(before_); }
  CurrentFolder(const CurrentFolder&) = delete;
  CurrentFolder& operator=(const CurrentFolder&) = delete;

 private:
  std::filesystem::path before_;
};

}  // namespace

TEST_CASE("fill_mask takes its texts byte for byte") {
  const std::string model = shared_folder().file("model");
  std::vector<std::string> texts = {"[MASK]", "[And the LORD [MASK] unto Moses, and Aaron his [MASK]]",
                                    "[[MASK],[MASK]]"};
  for (const std::string& text : hostile_texts()) texts.push_back(text + " [MASK]");
  for (const std::string& text : hostile_texts()) texts.push_back("[MASK]" + text);
  for (const std::string& text : texts) {
    CAPTURE(text);
    const Ran ran = run("fill_mask", {"--model", model, "--threads", "1", "--", text});
    CHECK(ran.code == 0);
    CHECK(ran.out.starts_with(text + "\n  0."));
  }
  std::vector<std::string> arguments = {"--json", "--model", model, "--"};
  arguments.insert(arguments.end(), texts.begin(), texts.end());
  const Ran all = run("fill_mask", arguments);
  CHECK(all.code == 0);
  CHECK(std::count(all.out.begin(), all.out.end(), '\n') == static_cast<std::ptrdiff_t>(texts.size()));
}

/// Returns the arguments that give an option a value. A value that begins with -- needs the form --name=value.
std::vector<std::string> option(const std::string& name, const std::string& value) {
  return value.starts_with("--") ? std::vector{name + "=" + value} : std::vector{name, value};
}

TEST_CASE("paths are taken byte for byte, in every program") {
  const TemporaryDirectory folder;
  const CurrentFolder inside(folder.path());
  for (const std::string& name : hostile_texts()) {
    if (name.find('/') != std::string::npos || name == "-x" || name.starts_with("--json")) continue;
    CAPTURE(name);
    write_text(name, contents_of(shared_folder().file("text.txt")));
    const std::string made = name + ".d";
    std::vector<std::string> arguments = option("--train_file", name);
    for (const std::string& argument : option("--output_dir", made)) arguments.push_back(argument);
    arguments.insert(arguments.end(), {"--vocab_size", "60"});
    const Ran trained = run("train_tokenizer", arguments);
    CHECK_MESSAGE(trained.code == 0, trained.err);
    CHECK(trained.out == made + "\n");
    CHECK(run("train_tokenizer", {"--vocab-size=60", "--base=" + made, "--output_dir=" + made, "--train_file=" + name})
              .code == 0);
    CHECK(run("tokenize", option("--tokenizer", made), "the king\n").out.size() > 4);
    std::filesystem::remove(name);
  }
}

TEST_CASE("train_mlm takes paths byte for byte, and the command that it prints works") {
  const TemporaryDirectory folder;
  const CurrentFolder inside(folder.path());
  const std::string text = contents_of(shared_folder().file("text.txt"));
  for (const std::string name : {"[corpus]", "[a,b]", "%%", "it's \"q\"", "-x", "a=b", "-n [x]", "x\ny"}) {
    CAPTURE(name);
    write_text(name, text);
    const auto arguments =
        ProgramFolder::training(name, name + ".m", {"--validation_file", name, "--cache_dir", name + ".c"});
    const Ran trained = run("train_mlm", arguments);
    CHECK_MESSAGE(trained.code == 0, trained.err);
    REQUIRE(trained.out.find("use it: ") != std::string::npos);
    const std::string command = trained.out.substr(trained.out.rfind("use it: ") + 8);
    const Ran used = run_file("/bin/sh", {"-c", command});
    CHECK_MESSAGE(used.code == 0, (command + used.err));
    CHECK(used.out.find("\n  0.") != std::string::npos);
  }
}

TEST_CASE("texts of the vocabulary are taken byte for byte") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt"), made = folder.path() / "made";
  const std::vector<std::string> base = {"--train_file", text, "--vocab_size", "60", "--output_dir", made};
  for (const std::string special : {"[]", "[X]", "[a,b]", "{}", "%%", "-x", "--x", "'q'", "<s>", "="}) {
    CAPTURE(special);
    std::vector<std::string> arguments = base;
    for (const auto& given : {option("--special_tokens", special), option("--special_tokens", "[Y]"),
                              option("--initial_alphabet", special)})
      arguments.insert(arguments.end(), given.begin(), given.end());
    const Ran trained = run("train_tokenizer", arguments);
    CHECK_MESSAGE(trained.code == 0, trained.err);
    const std::string entries = contents_of(folder.path() / "made" / "vocab.txt");
    CHECK(entries.find("\n" + special + "\n[Y]\n") != std::string::npos);
    for (const char character : special)
      CHECK(entries.find("\n" + std::string(1, character) + "\n") != std::string::npos);

    arguments = base;
    for (const std::string& argument : option("--continuing_subword_prefix", special)) arguments.push_back(argument);
    CHECK(run("train_tokenizer", arguments).code == 0);
    const auto saved = minibert::Json::read(folder.path() / "made" / "tokenizer.json");
    CHECK(saved.at("model").at("continuing_subword_prefix").as_string() == special);
  }
}

TEST_CASE("an option that is given twice has its last value, and flags take words") {
  const std::string model = shared_folder().file("model");
  const auto lines = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--model", "/absent", "--model", model, "--top_k", "7", "--top_k=1"});
    const Ran ran = run("fill_mask", more);
    CHECK_MESSAGE(ran.code == 0, ran.err);
    return ran.out.substr(0, 2);
  };
  for (const char* word : {"true", "True", "yes", "1", "T"}) CHECK(lines({"--json", word, "a [MASK]"}) == "[{");
  for (const char* word : {"false", "False", "no", "0", "F"}) CHECK(lines({"--json", word, "a [MASK]"}) == "a ");
  CHECK(lines({"--json=True", "a [MASK]"}) == "[{");
  CHECK(lines({"--json=false", "a [MASK]"}) == "a ");
  CHECK(lines({"--json", "a [MASK]"}) == "[{");
  CHECK(lines({"--json", "--json", "False", "a [MASK]"}) == "a ");
  CHECK(lines({"a [MASK]", "--json"}) == "[{");
  const Ran both = run("fill_mask", {"--model", model, "--json", "a [MASK]", "b [MASK]"});
  CHECK(std::count(both.out.begin(), both.out.end(), '\n') == 2);
}

TEST_CASE("wrong usage ends with 2, and the message says what was found and what was expected") {
  const std::string model = shared_folder().file("model"), text = shared_folder().file("text.txt");
  const auto wrong = [&](const std::string& name, const std::vector<std::string>& arguments,
                         const std::string& message) {
    const Ran ran = run(name, arguments);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK_MESSAGE(ran.err.starts_with(name + ": " + message), ran.err);
    CHECK(ran.err.find(name, 1) == std::string::npos);
  };
  for (const char* name : {"fill_mask", "tokenize", "train_tokenizer", "train_mlm"}) {
    wrong(name, {"--no_such_flag"}, "unknown option --no_such_flag");
    wrong(name, {"-q"}, "unknown option -q");
  }
  for (const char* name : {"fill_mask", "tokenize", "train_tokenizer"}) CHECK(run(name, {}).code == 2);
  wrong("train_mlm", {"word"}, "unexpected argument 'word', expected an option");
  wrong("fill_mask", {"-model", model}, "unknown option -model, expected --model");
  wrong("fill_mask", {"-[MASK]"}, "unknown option -[MASK], expected -- before a text that begins with -");
  wrong("fill_mask", {"--model"}, "--model lacks its value");
  wrong("fill_mask", {"--model", "--json", "a [MASK]"}, "--model lacks its value (--json follows it");
  wrong("fill_mask", {"--model", "--help"}, "--model lacks its value (--help follows it");
  wrong("train_mlm", {"--output_dir", "--overwrite_output_dr"}, "--output_dir lacks its value");
  wrong("fill_mask", {"--model", ""}, "--model is empty, expected a path");
  wrong("fill_mask", {"--model", model, "--top_k", "0"}, "--top_k is 0, expected a whole number from 1 to ");
  wrong("fill_mask", {"--model", model, "--json=maybe"}, "--json is 'maybe', expected true or false");
  wrong("fill_mask", {"--model", model, "--threads", "-1"}, "--threads is -1, expected a whole number from 0 to ");
  const char* seeds = ", expected a whole number from 0 to 18446744073709551615; --help lists the options\n";
  wrong("train_mlm", {"--seed", "-1"}, std::string("--seed is -1") + seeds);
  wrong("train_mlm", {"--seed", "18446744073709551616"}, std::string("--seed is 18446744073709551616") + seeds);
  for (const char* number : {"1_000", "1e3", "", " 1", "0x10", "ten", "1.0", "+", "--1"})
    wrong("train_mlm", {std::string("--max_steps=") + number},
          std::string("--max_steps is '") + number + "', expected a whole number");
  for (const char* number : {"nan", "inf", "-inf", "1e999", "", "1,5", "1e-4x", "++1", "+-1", "1_0.5"})
    wrong("train_mlm", {"--learning_rate", number},
          std::string("--learning_rate is '") + number + "', expected a number such as 0.5 or 1e-4");
  wrong("train_mlm", {"--lr_scheduler_type", "cosin"}, "--lr_scheduler_type is \"cosin\", expected linear, ");
  wrong("train_mlm", {"--threads", "100000"}, "--threads is 100000, expected a whole number from 0 to 1024");
  wrong("train_mlm", {"--special_tokens", ""}, "--special_tokens is empty, expected one character or more");
  wrong("train_mlm", {"--train_file", "a", ""}, "--train_file is empty, expected one character or more");
  wrong("train_mlm", {"--preset", "tutoral"}, "--preset: found 'tutoral', expected tutorial");
  wrong("train_mlm", {"--group_texts", "--line_by_line"}, "--group_texts excludes --line_by_line");
  wrong("train_mlm", {"--do_train=false", "--do_eval=false"}, "--do_train and --do_eval are both off");
  wrong("train_mlm", {"--do_eval"}, "--do_eval without --do_train evaluates a model");
  wrong("train_mlm", {"--resume_from_checkpoint", ""}, "--resume_from_checkpoint is empty");
}

TEST_CASE("numbers are read as Python reads them") {
  const TemporaryDirectory folder;
  const Ran ran = run(
      "train_mlm", ProgramFolder::training(shared_folder().file("text.txt"), folder.path() / "m",
                                           {"--learning_rate", "1e-4", "--weight_decay=+.5", "--adam_epsilon", "1E-6",
                                            "--seed", "18446744073709551615", "--max_steps", "+3", "--bf16", "True"}));
  CHECK_MESSAGE(ran.code == 0, ran.err);
  CHECK(ran.says("recipe: 3 steps"));
  CHECK(ran.says("learning rate 0.0001 "));
  CHECK(ran.says("weight decay 0.5,"));
  CHECK(ran.says("seed 18446744073709551615, bf16"));
}
