#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include <minibert/io/json.hpp>

#include "support/programs.hpp"

using namespace minibert::testing;

namespace {

Ran fill(const std::string& input, const std::string& format = "--json") {
  return run("fill_mask", {"--model", shared_folder().file("model"), "--threads=1", "--top_k=1", format}, input);
}

}  // namespace

TEST_CASE("a line that cannot be filled does not end the batch") {
  const Ran ran =
      fill("a [MASK]\n\nnothing here\n[MASK] b [MASK]\n\r\n" + std::string(400, 'q') + " [MASK]\nlast [MASK]\n");
  CHECK(ran.code == 1);
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 7);  // one line of JSON for each line
  CHECK(ran.out.find("\n[]\n[]\n[[{") != std::string::npos);
  CHECK(ran.says("fill_mask: line 2: the text '' contains no [MASK]"));
  CHECK(ran.says("fill_mask: line 3: the text 'nothing here' contains no [MASK]"));
  CHECK(ran.says("fill_mask: line 5: the text '' contains"));
  CHECK(ran.out.substr(ran.out.rfind("\n[{") + 1).find("last") != std::string::npos);
}

TEST_CASE("a text that is too long is named in the user's words") {
  std::string line = "[MASK]";
  for (int i = 0; i < 40; ++i) line += " the";
  const Ran ran = fill(line + "\nthe [MASK]\n");
  CHECK(ran.code == 1);
  CHECK_MESSAGE(ran.says("fill_mask: line 1: the text has 43 tokens, expected at most the model's "
                         "max_position_embeddings, 32"),
                ran.err);
  CHECK(ran.out.starts_with("[]\n[{"));
}

TEST_CASE("the plain format skips a line that cannot be filled") {
  const Ran ran = fill("\na [MASK]\nb", "--json=false");
  CHECK(ran.code == 1);
  CHECK(ran.out.starts_with("a [MASK]\n  0."));
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 2);
}

TEST_CASE("lines may end with CRLF, and the last line with nothing") {
  const Ran unix_lines = fill("a [MASK]\nthe [MASK] sees\n"), windows = fill("a [MASK]\r\nthe [MASK] sees\r\n"),
            unended = fill("a [MASK]\nthe [MASK] sees");
  CHECK(unix_lines.code == 0);
  CHECK(windows.out == unix_lines.out);
  CHECK(unended.out == unix_lines.out);
  CHECK(fill("a [MASK]\r\n", "--json=no").out.starts_with("a [MASK]\n"));
  CHECK(fill("").code == 0);
  CHECK(fill(std::string("a\0b [MASK]\n", 11), "--json=no").out.starts_with(std::string("a\0b [MASK]\n", 11)));
}

TEST_CASE("each result is written before the next line is read") {
  const std::string command = "mkfifo in && { " + program("fill_mask") + " --model '" + shared_folder().file("model") +
                              "' --json <in >out & } && exec 3>in && echo 'a [MASK]' >&3 && "
                              "for i in $(seq 400); do test -s out && break; sleep 0.05; done; "
                              "test -s out; found=$?; exec 3>&-; wait; exit $found";
  const TemporaryDirectory folder;
  CHECK(run_file("/bin/sh", {"-c", "cd '" + folder.path().string() + "' && " + command}).code == 0);
}
