// Runs the example programs as a shell would, and makes a small text, tokenizer and model for them.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/test_data.hpp"

namespace minibert::testing {

/// What a program did.
struct Ran {
  int code = 0;
  std::string out, err;

  bool says(const std::string& text) const { return err.find(text) != std::string::npos; }
};

inline std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return (std::ostringstream() << file.rdbuf()).str();
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string program(const std::string& name) { return std::string(MINIBERT_PROGRAMS_DIR) + "/" + name; }

/// Runs a file with arguments and input. Its output goes to `out`, or is returned if `out` is empty.
inline Ran run_file(const std::string& file, std::vector<std::string> arguments, const std::string& input = "",
                    const std::string& out = "") {
  const TemporaryDirectory folder;
  const std::string in = folder.path() / "in", err = folder.path() / "err";
  const std::string to = out.empty() ? std::string(folder.path() / "out") : out;
  write_text(in, input);
  arguments.insert(arguments.begin(), file);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, to.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t child = 0;
  REQUIRE_MESSAGE(posix_spawn(&child, file.c_str(), &files, nullptr, argv.data(), environ) == 0, file);
  posix_spawn_file_actions_destroy(&files);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.empty() ? contents_of(to) : "",
          contents_of(err)};
}

/// Runs an example program.
inline Ran run(const std::string& name, const std::vector<std::string>& arguments, const std::string& input = "",
               const std::string& out = "") {
  return run_file(program(name), arguments, input, out);
}

/// A folder with a text, text.txt, and with a model and its tokenizer in `model`. The cache of train_mlm is in this
/// folder, too.
class ProgramFolder {
 public:
  ProgramFolder() {
    setenv("XDG_CACHE_HOME", (path() / "cache").c_str(), 1);
    std::string text;
    for (int i = 0; i < 40; ++i)
      for (const char* line : {"the old king sees a young queen by the river", "my brother finds every stone at night",
                               "no one carries the hill beyond the sea", "a queen remembers the morning"})
        text += std::string(line) + " " + std::to_string(i % 7) + "\n";
    write_text(path() / "text.txt", text);
    const Ran made = run("train_mlm", training(file("text.txt"), file("model")));
    REQUIRE_MESSAGE(made.code == 0, made.err);
  }

  const std::filesystem::path& path() const { return folder_.path(); }
  std::string file(const std::string& name) const { return path() / name; }

  /// Returns the arguments of train_mlm for two steps of a small model.
  static std::vector<std::string> training(const std::string& text, const std::string& output_dir,
                                           const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--train_file", text, "--output_dir", output_dir, "--max_steps", "2"};
    for (const char* size : {"--vocab_size=90", "--hidden_size=8", "--num_hidden_layers=1", "--num_attention_heads=2",
                             "--intermediate_size=8", "--max_position_embeddings=32", "--threads=1"})
      arguments.push_back(size);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

 private:
  TemporaryDirectory folder_;
};

/// Returns the folder that all tests of a process share.
inline const ProgramFolder& shared_folder() {
  static const ProgramFolder folder;
  return folder;
}

}  // namespace minibert::testing
