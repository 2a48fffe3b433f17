#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <minibert/io/lines.hpp>

namespace {

using namespace minibert;
using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines;
  for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST_CASE("a text is split at \\n only") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("\n") == Lines{""});
  CHECK(lines_of("a\r\n\nb\vc\n") == Lines{"a\r", "", "b\vc"});
  CHECK(lines_of("a\nb") == Lines{"a", "b"});
}

TEST_CASE("pieces are whole lines, in order, all of the text") {
  const std::string text = "one\ntwo\n\na longer line than the others\nfive\nsix";
  for (index_t grain = 1; grain <= core::length(text) + 1; ++grain) {
    Lines pieces(core::usize(num_chunks(core::length(text), grain)));
    parallel_for_lines(text, grain, [&](std::string_view piece, index_t i) { core::at(pieces, i) = piece; });
    std::string joined;
    for (const std::string& piece : pieces) {
      CHECK((joined.empty() || piece.empty() || joined.back() == '\n'));
      joined += piece;
    }
    CHECK(joined == text);
  }
}

}  // namespace
