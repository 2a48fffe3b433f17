#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/data/text_dataset.hpp>
#include <minibert/io/file.hpp>

#include "support/number_tokenizer.hpp"
#include "support/test_data.hpp"

namespace {

using namespace minibert;
using minibert::testing::NumberTokenizer;
using minibert::testing::TemporaryDirectory;
namespace fs = std::filesystem;

/// A number tokenizer that counts its calls.
struct CountingTokenizer : NumberTokenizer {
  explicit CountingTokenizer(std::uint64_t number = 1) : number_(number) {}
  index_t encode_into(std::string_view line, index_t max_length, std::vector<token_id>& ids) const {
    lines += 1;
    return NumberTokenizer::encode_into(line, max_length, ids);
  }
  std::uint64_t fingerprint() const { return number_; }
  mutable std::atomic<index_t> lines = 0;

 private:
  std::uint64_t number_;
};

/// A text file and a cache folder.
struct Fixture {
  Fixture() { io::write_file(folder / "text", "5 6\n\n7 8 9\n"); }

  TextDataset open(const CountingTokenizer& tokenizer, index_t max_length = 8, TextDatasetOptions options = {}) {
    options.cache_dir = folder.path() / "below" / "cache";
    options.notice = [this](std::string_view text) { notices += std::string(text) + "\n"; };
    return TextDataset::from_files({folder / "text"}, tokenizer, max_length, options);
  }
  std::vector<fs::path> caches() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / "below/cache")) files.push_back(entry.path());
    return files;
  }

  TemporaryDirectory folder;
  std::string notices;
};

TEST_CASE_FIXTURE(Fixture, "a text is tokenized once; the cached dataset equals the one in memory") {
  const CountingTokenizer tokenizer;
  for (const bool group_texts : {false, true}) {
    const TextDataset first = open(tokenizer, 8, {.group_texts = group_texts});
    const index_t lines = tokenizer.lines;
    const TextDataset second = open(tokenizer, 8, {.group_texts = group_texts});
    CHECK(tokenizer.lines == lines);
    const TextDataset memory = TextDataset::from_files({folder / "text"}, tokenizer, 8, {.group_texts = group_texts});
    for (const TextDataset* dataset : {&first, &second}) {
      REQUIRE(dataset->size() == memory.size());
      for (index_t i = 0; i < memory.size(); ++i) CHECK(dataset->ids(i) == memory.ids(i));
      CHECK(dataset->num_blank() == 1);
      CHECK(dataset->fingerprint() == memory.fingerprint());
    }
  }
  CHECK(caches().size() == 2);  // the folder contains nothing else
  CHECK(notices.empty());
}

TEST_CASE_FIXTURE(Fixture, "a text with another byte, tokenizer, length or grouping has another cache file") {
  const CountingTokenizer tokenizer, other(2);
  open(tokenizer);
  const auto is_made = [&](auto&&... arguments) {
    const index_t lines = tokenizer.lines + other.lines;
    open(arguments...);
    return tokenizer.lines + other.lines == lines + 3;
  };
  CHECK_FALSE(is_made(tokenizer));
  CHECK(is_made(other));
  CHECK(is_made(tokenizer, 7));
  CHECK(is_made(tokenizer, 8, TextDatasetOptions{.group_texts = true}));
  CHECK(is_made(tokenizer, 8, TextDatasetOptions{.overwrite_cache = true}));
  const fs::file_time_type time = fs::last_write_time(folder / "text");
  io::write_file(folder / "text", "5 6\n\n7 8 4\n");
  fs::last_write_time(folder / "text", time);  // same size, same time
  CHECK(is_made(tokenizer));
  CHECK(open(tokenizer).ids(1) == std::vector<token_id>{2, 7, 8, 4, 3});
  CHECK(caches().size() == 5);
}

TEST_CASE_FIXTURE(Fixture, "a damaged cache file is reported and written again") {
  const CountingTokenizer tokenizer;
  open(tokenizer);
  const fs::path path = caches().front();
  const std::string whole = io::read_file(path);
  std::string flipped = whole;
  flipped[20] ^= 1;
  for (const std::string& damaged : {flipped, whole.substr(0, whole.size() / 2), std::string()}) {
    io::write_file(path, damaged);
    notices.clear();
    CHECK(open(tokenizer).ids(0) == std::vector<token_id>{2, 5, 6, 3});
    CHECK_MESSAGE(notices.starts_with(path.string() + ": "), notices);
    CHECK(notices.ends_with("; tokenizing the text again\n"));
    CHECK(io::read_file(path) == whole);
  }
}

TEST_CASE_FIXTURE(Fixture, "the unfinished file of a killed process is overwritten") {
  const CountingTokenizer tokenizer;
  open(tokenizer);
  const fs::path path = caches().front();
  const std::string whole = io::read_file(path);
  fs::remove(path);
  io::write_file(io::hidden_sibling(path, ".tmp"), std::string(100000, 'x'));
  open(tokenizer);
  CHECK(caches() == std::vector{path});
  CHECK(io::read_file(path) == whole);
}

TEST_CASE_FIXTURE(Fixture, "unfinished files of other texts are removed, unless a process is writing them") {
  const CountingTokenizer tokenizer;
  open(tokenizer);
  const fs::path store = caches().front(), left = store.parent_path() / ".0123.tokens.tmp",
                 written = store.parent_path() / ".4567.tokens.tmp", other = store.parent_path() / ".other.tmp";
  for (const fs::path& path : {left, written, other}) io::write_file(path, "a part");
  const io::FileDescriptor file(written, O_WRONLY);
  REQUIRE(file.try_lock());
  io::write_file(folder / "text", "5 6 7\n");
  open(tokenizer);
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(written));
  CHECK(fs::exists(other));
}

TEST_CASE_FIXTURE(Fixture, "an error of the tokenizer leaves no file") {
  io::write_file(folder / "text", "5\nbad\n");
  CHECK_THROWS_AS(open(CountingTokenizer()), ValueError);
  CHECK(caches().empty());
}

TEST_CASE_FIXTURE(Fixture, "the error names a cache folder that cannot be created") {
  io::write_file(folder / "below", "a file");
  CHECK_THROWS_WITH_AS(open(CountingTokenizer()), doctest::Contains((folder / "below").string().c_str()), IoError);
}

TEST_CASE_FIXTURE(Fixture, "of several processes one writes the cache file; the others wait and read all of it") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(5 + i % 90) + " 7\n";
  io::write_file(folder / "text", text);
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {  // one thread, because fork does not copy the parent's threads
      set_num_threads(1);
      int status = 1;
      try {
        const CountingTokenizer tokenizer;
        const TextDataset dataset = open(tokenizer);
        const bool has_waited = notices.find("waiting") != notices.npos;
        status = dataset.size() == 20000 && dataset.ids(19999).size() == 4 ? (tokenizer.lines > 0 ? 3 : 4) : 2;
        if (has_waited && tokenizer.lines > 0) status = 5;
      } catch (...) {
      }
      _exit(status);
    }
    children.push_back(pid);
  }
  int made = 0, found = 0;
  for (const pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFEXITED(status));
    made += WEXITSTATUS(status) == 3;
    found += WEXITSTATUS(status) == 4;
  }
  CHECK(made == 1);
  CHECK(found == 3);
  CHECK(caches().size() == 1);
}

}  // namespace
