#include <minibert/train/output_dir.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/train/checkpoint.hpp>

#include "support/test_data.hpp"
#include "support/toy_run.hpp"

using namespace minibert;
using testing::AtStep;
using testing::busy;
using testing::names_in;
using testing::refusal;
using testing::Run;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

/// Returns arguments of a run of four steps with two checkpoints.
TrainingArguments short_run(const fs::path& folder) {
  TrainingArguments args = busy(folder);
  args.max_steps = 4;
  args.save_steps = 2;
  args.eval_strategy = IntervalStrategy::no;
  args.load_best_model_at_end = false;
  return args;
}

/// Tries to resume from `checkpoint`, and returns the error's message. Checks that no file was changed.
std::string refused_resume(TrainingArguments args, const fs::path& checkpoint) {
  args.resume_from_checkpoint = checkpoint;
  const auto contents = [&] {
    std::vector<std::string> all;
    if (fs::exists(args.output_dir))
      for (const auto& entry : fs::recursive_directory_iterator(args.output_dir))
        all.push_back(entry.path().string() + (entry.is_regular_file() ? io::read_file(entry.path()) : ""));
    return all;
  };
  const std::vector<std::string> before = contents();
  Run run(args);
  const std::string message = refusal<ValueError>(run);
  CHECK(contents() == before);
  CHECK_THROWS_WITH_AS(check_output_dir(args), message.c_str(), ValueError);  // also before long preparations
  return message;
}

/// A process that runs f and then waits until it is killed.
class Child {
 public:
  /// first_byte() returns the character that f returns in the child process.
  template <class F>
  explicit Child(F f) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const char byte = f();
      [[maybe_unused]] const ssize_t ignored = ::write(ends[1], &byte, 1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    end_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill(); }

  pid_t pid() const { return pid_; }
  char first_byte() const {
    char byte = 0;
    return ::read(end_, &byte, 1) == 1 ? byte : '?';
  }
  void kill() {
    if (end_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(end_);
    end_ = -1;
  }

 private:
  pid_t pid_ = -1;
  int end_ = -1;
};

/// Locks a folder until the process ends. Returns 'y', or 'n' if another process holds the lock.
char try_to_lock(const fs::path& folder) {
  try {
    new OutputDirLock(folder, [](std::string_view) {});  // held until the process ends
    return 'y';
  } catch (const ValueError&) {
    return 'n';
  }
}

}  // namespace

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

TEST_CASE("a checkpoint that was named and is not there, or is not ours, is an error before anything is touched") {
  const TemporaryDirectory folder;
  const TrainingArguments args = short_run(folder / "out");
  Run(args).trainer.train();
  const std::string typo = refused_resume(args, folder / "out/checkpoint-600");
  CHECK(typo.find("out/checkpoint-600 does not exist; the newest checkpoint in ") != std::string::npos);
  CHECK(typo.ends_with("out is checkpoint-4"));
  CHECK(refused_resume(args, folder / "out/checkpoint-600/").find("checkpoint-600 does not") != std::string::npos);
  CHECK(refused_resume(args, folder / "out/train_log.jsonl").find("is a file, expected the folder") !=
        std::string::npos);
  io::make_directories(folder / "empty");
  CHECK(refused_resume(args, folder / "empty").find("is neither a checkpoint nor") != std::string::npos);
  io::make_directories(folder / "hf/checkpoint-500");
  for (const char* name : {"model.safetensors", "optimizer.pt", "trainer_state.json"})
    io::write_file(folder / "hf/checkpoint-500" / name, "x");
  for (const char* path : {"hf", "hf/checkpoint-500"})
    CHECK(refused_resume(args, folder / path)
              .find("is a checkpoint of another program (it contains optimizer.pt), which cannot be resumed") !=
          std::string::npos);
  io::make_directories(folder / "copied/checkpoint-2");
  io::write_file(folder / "copied/checkpoint-2/model.safetensors", "x");
  CHECK(refused_resume(args, folder / "copied/checkpoint-2")
            .find("is not a complete checkpoint: checkpoint.json is missing") != std::string::npos);
  CHECK(refused_resume(args, "a-name-that-does-not-exist").find("does not exist; the newest") != std::string::npos);
}

TEST_CASE("without a path, a run starts afresh only in a folder that nobody uses") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  args.save_strategy = IntervalStrategy::no;
  Run finished(args);
  finished.trainer.train();
  finished.trainer.save_model();
  CHECK(refused_resume(args, "").find(
            "contains no checkpoint to resume from, but it is not empty (it contains model.") != std::string::npos);
  io::make_directories(folder / "foreign/checkpoint-500");
  CHECK(refused_resume(short_run(folder / "foreign"), "").find("not empty (it contains checkpoint-500)") !=
        std::string::npos);
  // A run that was killed before its first checkpoint leaves only its log.
  args = short_run(folder / "killed");
  io::make_directories(args.output_dir);
  io::write_file(args.output_dir / kTrainingLogName, "");
  args.resume_from_checkpoint = fs::path();
  Run run(args);
  CHECK(refusal<Error>(run) == "accepted");
}

TEST_CASE("a checkpoint that is a link to another disk is resumed, and nothing is removed") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  Run(args).trainer.train();
  const fs::path newest = list_checkpoints(args.output_dir).back();
  fs::rename(newest, folder / "moved");
  fs::create_directory_symlink(folder / "moved", newest);
  const std::vector<std::string> before = names_in(args.output_dir);
  args.max_steps = 8;
  args.save_total_limit = 0;
  args.overwrite_output_dir = true;
  args.resume_from_checkpoint = fs::path();
  Run run(args);
  CHECK(refusal<Error>(run) == "accepted");
  for (const std::string& name : before) CHECK(io::path_exists(args.output_dir / name));
}

TEST_CASE("a run that resumes from another folder does not touch the run in output_dir") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "first");
  Run(args).trainer.train();
  args.output_dir = folder / "second";
  args.max_steps = 8;
  Run(args).trainer.train();
  CHECK(refused_resume(args, folder / "first/checkpoint-4").find("is in another folder") != std::string::npos);
  args.output_dir = folder / "third";
  args.resume_from_checkpoint = folder / "first/checkpoint-4";
  Run third(args);
  CHECK(refusal<Error>(third) == "accepted");
  CHECK(names_in(args.output_dir) == std::vector<std::string>{"checkpoint-6", "checkpoint-8", kTrainingLogName});
}

TEST_CASE("a run that resumes from an older checkpoint keeps the newer ones, and its own") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  args.max_steps = 12;
  args.save_steps = 4;
  args.save_total_limit = 3;
  Run(args).trainer.train();
  args.resume_from_checkpoint = folder / "out/checkpoint-4/";
  args.save_steps = 1;
  args.save_total_limit = 1;
  Run run(args);
  run.trainer.add_callback(std::make_shared<AtStep>([](TrainerContext context) {
    if (context.state.global_step == 7) throw std::runtime_error("a crash");
  }));
  CHECK_THROWS_AS(run.trainer.train(), std::runtime_error);
  CHECK(names_in(args.output_dir) ==
        std::vector<std::string>{"checkpoint-12", "checkpoint-6", "checkpoint-8", kTrainingLogName});
  CHECK(run.notices.back().find("checkpoint-8 is newer and is kept") != std::string::npos);
}

TEST_CASE("one process at a time writes to an output folder; the second says who does") {
  const TemporaryDirectory folder;
  const TrainingArguments args = short_run(folder / "out");
  io::make_directories(folder / "out/.checkpoint-2.tmp");  // which the first process is writing
  Child first([&] { return try_to_lock(folder / "out"); });
  REQUIRE(first.first_byte() == 'y');
  Run run(args);
  const std::string message = refusal<ValueError>(run);
  CHECK(message.find(core::concat("is in use by process ", index_t{first.pid()}, " on ")) != std::string::npos);
  CHECK_THROWS_WITH_AS(check_output_dir(args), message.c_str(), ValueError);  // also before long preparations
  CHECK(fs::exists(folder / "out/.checkpoint-2.tmp"));
  CHECK_THROWS_AS(run.trainer.save_model(), ValueError);
  CHECK_THROWS_AS(run.trainer.save_state(), ValueError);
  CHECK_THROWS_AS(run.trainer.save_metrics("eval", Json::object()), ValueError);
  CHECK_NOTHROW(run.trainer.save_model(folder / "elsewhere"));
  first.kill();  // the lock ends with the process
  CHECK(refusal<Error>(run) == "accepted");
  CHECK(names_in(folder / "out") == std::vector<std::string>{"checkpoint-2", "checkpoint-4", kTrainingLogName});
}

TEST_CASE("of three processes that begin at once, one gets the output folder") {
  for (int round = 0; round < 20; ++round) {
    const TemporaryDirectory folder;
    const auto lock = [&] { return try_to_lock(folder / "out"); };
    const Child a(lock), b(lock), c(lock);
    std::string outcome = {a.first_byte(), b.first_byte(), c.first_byte()};
    std::sort(outcome.begin(), outcome.end());
    CHECK(outcome == "nny");
  }
}

TEST_CASE("a callback that throws leaves a trainer that can be used, and no lock") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  args.overwrite_output_dir = true;
  Run run(args);
  bool throws = true;
  run.trainer.add_callback(std::make_shared<AtStep>([&](TrainerContext context) {
    if (throws && context.state.global_step == 3) throw 7;
  }));
  CHECK_THROWS_AS(run.trainer.train(), int);
  {
    const OutputDirLock lock(folder / "out", [](std::string_view) {});
    CHECK(names_in(folder / "out") == std::vector<std::string>{".train.lock", "checkpoint-2", kTrainingLogName});
  }
  throws = false;
  CHECK(run.trainer.evaluate().at("step").as_integer() == 3);
  CHECK(run.trainer.train().global_step == 4);
}

TEST_CASE("a trainer without notice is silent; null pointers are refused") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  args.resume_from_checkpoint = fs::path();
  Run run(args);
  run.trainer.notice = nullptr;
  CHECK(refusal<Error>(run) == "accepted");
  CHECK_THROWS_AS(run.trainer.add_callback(nullptr), ValueError);
  CHECK_THROWS_AS(run.trainer.set_optimizer(nullptr), ValueError);
}
