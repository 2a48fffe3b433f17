#include <minibert/io/detail/utf8_lines.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>

namespace {

using namespace minibert;
using namespace std::string_view_literals;

/// Counts the lines of a text that arrives in blocks. Returns the warnings, or "error: " with the message.
std::string result_of(const std::vector<std::string_view>& blocks, bool allow = false, index_t offset = 0) {
  std::string warnings;
  TextOptions options{.allow_invalid_utf8 = allow};
  options.notice = [&](std::string_view notice) { warnings += notice; };
  try {
    io::detail::Utf8Lines lines("file", offset);
    for (const std::string_view block : blocks) lines.add(block);
    lines.finish(options);
    return warnings;
  } catch (const FormatError& error) {
    return std::string("error: ") + error.what();
  }
}

TEST_CASE("text in UTF-8 gives no message") {
  CHECK(result_of({}).empty());
  CHECK(result_of({"th\u00E9\n\n\u0D85\n"}).empty());
}

TEST_CASE("more than 1 % of the lines that are not UTF-8 are an error, fewer a warning") {
  CHECK(result_of({"caf\u00E9\n", "\nth\xE9\nx\n"}) ==
        "error: file: 1 of 3 lines is not UTF-8: line 3, with byte 0xE9 at offset 9; convert the text from its "
        "encoding with "
        "`iconv -f ENCODING -t UTF-8`, where ENCODING is CP1252, LATIN1 or another; or set allow_invalid_utf8 to lose "
        "characters where it is not UTF-8");
  CHECK(result_of({"th\xE9"}).find("file: 1 of 1 line is not UTF-8: line 1, with byte 0xE9 at offset 2;") == 7);
  CHECK(result_of({"\xE9\n\xE8"}).find("file: 2 of 2 lines are not UTF-8; the first is line 1, with byte 0xE9 at") ==
        7);
  CHECK(result_of({"\xE9"}, false, 3).find("offset 3;") != std::string::npos);

  std::string text;
  for (int i = 0; i < 199; ++i) text += "good\n\n";  // blank lines do not count
  CHECK(result_of({text.substr(0, text.size() - 6), "\x80\nb\x80"}).starts_with("warning: file: 2 of 200 lines are"));
  CHECK(result_of({text, "\x80"}).starts_with("warning: file: 1 of 200 lines is not UTF-8: line 399, with byte 0x80"));
  CHECK(result_of({text, "\x80\n\x80\n\x80"}).starts_with("error: file: 3 of 202 lines"));
  CHECK(result_of({text, "\x80\n\x80\n\x80"}, true).starts_with("warning: file: 3 of 202 lines"));
}

TEST_CASE("a NUL byte is not text") {
  const std::string message = result_of({"a\0b\xE9\n"sv});
  CHECK_MESSAGE(message.find("line 1, with byte 0x00 at offset 1;") != message.npos, message);
  CHECK_MESSAGE(message.find("UTF-16LE or UTF-16BE") != message.npos, message);
}

TEST_CASE("the counts do not depend on threads and blocks") {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += i % 997 == 996 ? "bad \xE9 line\n" : "\u0D85 good line\n";
  const std::size_t half = text.find('\n', text.size() / 2) + 1;
  const std::string_view view = text;
  const int threads = num_threads();
  set_num_threads(1);
  const std::string expected = result_of({view});
  set_num_threads(3);
  CHECK(result_of({view}) == expected);
  CHECK(result_of({view.substr(0, half), view.substr(half)}) == expected);
  set_num_threads(threads);
  CHECK(expected ==
        "warning: file: 300 of 300000 lines are not UTF-8; the first is line 997, with byte 0xE9 at offset 13948; "
        "characters are lost there");
}

}  // namespace
