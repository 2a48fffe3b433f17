#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/programs.hpp"

using namespace minibert::testing;

namespace {

std::vector<std::string> training(const std::string& output_dir, const std::vector<std::string>& more) {
  return ProgramFolder::training(shared_folder().file("text.txt"), output_dir, more);
}

}  // namespace

TEST_CASE("what can be known at once is refused before any work on the text, and leaves nothing behind") {
  const TemporaryDirectory folder;
  const std::string out = folder.path() / "out", text = shared_folder().file("text.txt"),
                    model = shared_folder().file("model"), broken = folder.path() / "broken";
  std::filesystem::copy(model, broken);
  std::filesystem::remove_all(broken + "/checkpoint-2");
  write_text(broken + "/model.safetensors", "no weights");
  write_text(folder.path() / "file", "");
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const Ran ran = run("train_mlm", arguments);
    CHECK(ran.code == 1);
    CHECK_MESSAGE(ran.says(message), ran.err);
    CHECK_MESSAGE(!ran.says("vocabulary of"), ran.err);
    CHECK_MESSAGE(!ran.says("lines,"), ran.err);
    CHECK(!std::filesystem::exists(out));
  };
  const std::vector<std::string> base = {"--train_file", text, "--output_dir", out, "--max_steps", "2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return more;
  };
  refused(with({"--model_name_or_path", broken}), "model.safetensors");
  refused(with({"--model_name_or_path", folder.path() / "absent"}), "found no such folder");
  refused(with({"--model_name_or_path", model, "--max_seq_length", "33"}),
          "--max_seq_length is 33, expected at most 32 for this tokenizer and model");
  refused(training(out, {"--max_seq_length", "33"}), "--max_seq_length is 33, expected at most 32");
  refused(with({"--tokenizer_name", folder.path() / "absent"}), "found no such folder");
  refused(with({"--resume_from_checkpoint", folder.path() / "checkpoint-600"}), "checkpoint-600 does not exist");
  refused(with({"--resume_from_checkpoint", shared_folder().path()}),
          "is neither a checkpoint nor a folder with checkpoints");
  refused(with({"--validation_file", folder.path() / "absent"}), "absent: cannot open");
  refused(with({"--train_file", folder.path() / "absent"}), "absent: cannot open");
  refused(with({"--validation_split_percentage", "100"}), "--validation_split_percentage is 100, expected 0 or more");
  refused({"--train_file", text, "--output_dir", folder.path() / "file" / "out"},
          "file: is not a folder, so nothing can be saved in");
  refused({"--train_file", text, "--output_dir", "/proc/minibert"}, "cannot write to /proc/minibert: /proc: ");
  refused(with({"--mlm_probability", "1.5"}), "mlm_probability is 1.5");
}

TEST_CASE("an evaluation without a training text has no baseline of another text") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt"), model = shared_folder().file("model");
  const std::vector<std::string> evaluate = {"--do_eval",    "--model_name_or_path", model, "--validation_file", text,
                                             "--output_dir", folder.path() / "out"};
  const Ran without = run("train_mlm", evaluate);
  CHECK_MESSAGE(without.code == 0, without.err);
  CHECK(without.out.find("loss on " + text + ": ") == 0);
  CHECK(without.out.find("word frequency") == std::string::npos);
  CHECK(!without.says("default corpus"));
  CHECK(without.says("evaluation text: 160 lines"));
  CHECK(contents_of(folder.path() / "out" / "eval_results.json").find("word_frequency_loss") == std::string::npos);

  std::vector<std::string> both = evaluate;
  both.insert(both.end(), {"--train_file", text});
  const Ran with = run("train_mlm", both);
  CHECK(with.code == 0);
  CHECK(with.out.find("(word frequency: ") != std::string::npos);
}

TEST_CASE("a run goes on from its initial model by any path, and not from another model") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt"), out = folder.path() / "out";
  const std::filesystem::path model = folder.path() / "m0";
  std::filesystem::copy(shared_folder().path() / "model", model);
  const auto go_on = [&](const std::string& initial, const std::string& steps) {
    return run("train_mlm", {"--train_file", text, "--output_dir", out, "--model_name_or_path", initial, "--max_steps",
                             steps, "--resume_from_checkpoint", "--threads=1"});
  };
  const std::string checkpoint = out + "/checkpoint-2/checkpoint.json";
  REQUIRE(run("train_mlm", {"--train_file", text, "--output_dir", out, "--model_name_or_path", model, "--max_steps=2"})
              .code == 0);
  CHECK(contents_of(checkpoint).find("m0") == std::string::npos);
  for (const std::string& initial :
       std::vector<std::string>{model.string() + "/", (folder.path() / "." / "m0").string(),
                                (folder.path() / "m0" / ".." / "m0").string()}) {
    const Ran ran = go_on(initial, "2");
    CHECK_MESSAGE(ran.code == 0, ran.err);
  }
  std::filesystem::rename(model, folder.path() / "moved");
  CHECK(go_on(folder.path() / "moved", "2").code == 0);

  const std::string other = folder.path() / "other";
  REQUIRE(run("train_mlm", ProgramFolder::training(text, other, {"--seed=2"})).code == 0);
  const Ran refused = go_on(other, "2");
  CHECK(refused.code == 1);
  CHECK_MESSAGE(refused.says("cannot resume with a different initial_model"), refused.err);
}

TEST_CASE("a checkpoint of other settings is refused before any work on the text") {
  const TemporaryDirectory folder;
  const std::string out = folder.path() / "out";
  REQUIRE(run("train_mlm", training(out, {})).code == 0);
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--seed=7"}, {"--mlm_probability=0.25"}, {"--whole_word_mask"}, {"--group_texts"}}) {
    std::vector<std::string> flags = more;
    flags.push_back("--resume_from_checkpoint");
    const Ran ran = run("train_mlm", training(out, flags));
    CHECK(ran.code == 1);
    CHECK_MESSAGE(ran.says("cannot resume with a different " + more[0].substr(2, more[0].find('=') - 2)), ran.err);
    CHECK(!ran.says("lines,"));
  }
  const Ran evaluation = run("train_mlm", {"--do_eval", "--model_name_or_path", out, "--resume_from_checkpoint", out});
  CHECK(evaluation.code == 2);
  CHECK_MESSAGE(evaluation.says("--resume_from_checkpoint continues training, but --do_train is off"), evaluation.err);
}

TEST_CASE("a checkpoint that names the path of its initial model can be continued") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt"), model = shared_folder().file("model"),
                    out = folder.path() / "out", manifest = out + "/checkpoint-2/checkpoint.json";
  const std::vector<std::string> arguments = {
      "--train_file",         text,        "--output_dir",  out,
      "--model_name_or_path", model + "/", "--max_steps=2", "--resume_from_checkpoint"};
  REQUIRE(run("train_mlm", arguments).code == 0);
  std::string contents = contents_of(manifest);
  const auto begin = contents.find("\"weights ");
  REQUIRE(begin != std::string::npos);
  contents.replace(begin, contents.find('"', begin + 1) - begin + 1, '"' + model + '"');
  write_text(manifest, contents);
  const Ran ran = run("train_mlm", arguments);
  CHECK_MESSAGE(ran.code == 0, ran.err);
}

TEST_CASE("--config_name takes a file or a folder") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt");
  const Ran from_folder = run("train_mlm", {"--train_file", text, "--config_name", shared_folder().file("model"),
                                            "--output_dir", folder.path() / "out2", "--max_steps=1"});
  CHECK_MESSAGE(from_folder.code == 0, from_folder.err);
  CHECK(from_folder.says("1 layer of 2 heads"));
  const Ran ran = run("train_mlm", {"--train_file", text, "--config_name", shared_folder().file("model/config.json"),
                                    "--output_dir", folder.path() / "out", "--max_steps=1", "--vocab_size=90"});
  CHECK_MESSAGE(ran.code == 0, ran.err);
  CHECK(ran.says("1 layer of 2 heads"));
  CHECK(ran.says("recipe: 1 step of 16 lines"));
}

TEST_CASE("several training texts are joined, and --line_by_line false groups them") {
  const TemporaryDirectory folder;
  const std::string text = shared_folder().file("text.txt");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--train_file", text, text}, {"--train_file", text, "--train_file=" + text}}) {
    const Ran ran = run("train_mlm", ProgramFolder::training(text, folder.path() / "out", more));
    CHECK_MESSAGE(ran.code == 0, ran.err);
    CHECK(ran.says("480 lines, "));
    std::filesystem::remove_all(folder.path() / "out");
  }
  const Ran grouped = run("train_mlm", training(folder.path() / "out", {"--line-by-line", "False"}));
  CHECK_MESSAGE(grouped.code == 0, grouped.err);
  CHECK(grouped.says("sequences of 32 tokens"));
}
