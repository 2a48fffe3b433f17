#include <minibert/io/detail/text_column.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/text_stream.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;

/// Returns the lines that a file with this name and these contents gives, or "error: " with the message.
std::string read(const char* name, std::string_view contents, const TextOptions& options = {},
                 index_t block_size = TextStream::kBlockSize) {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / name, contents);
  try {
    TextStream stream(folder / name, options, block_size);
    std::string texts;
    for (std::string_view block; !(block = stream.next()).empty();) texts += block;
    return texts;
  } catch (const FormatError& error) {
    const std::string_view what = error.what();
    return std::string("error: ") + std::string(what.substr(folder.path().string().size() + 1));
  }
}

TEST_CASE("the end of a file's name tells its format") {
  for (const char* name : {"a.jsonl", "a.json", "a.ndjson", "a.JSONL", "b/a.jsonl.gz", "a.json.zst"})
    CHECK_MESSAGE(text_format(name) == TextFormat::json_lines, name);
  for (const char* name : {"a.csv", "a.CSV", "a.csv.gz"}) CHECK_MESSAGE(text_format(name) == TextFormat::csv, name);
  for (const char* name : {"a", "a.txt", "csv", "a.csv.txt", ".gz", "a.gz", "a.jsonl.bak"})
    CHECK_MESSAGE(text_format(name) == TextFormat::lines, name);
}

TEST_CASE("JSON lines: the text of each object, with line breaks as spaces") {
  CHECK(read("a.jsonl",
             "{\"id\": 1, \"text\": \"the \\\"cat\\\"\"}\n\n{\"text\": \"caf\\u00e9\\nau lait\"}\r\n"
             "{\"text\": \"\"}\n{\"text\":\"end\"}") == "the \"cat\"\ncaf\u00E9 au lait\n\nend\n");
  CHECK(read("a.jsonl", "{\"body\": \"x\", \"text\": \"y\"}", {.text_column_name = "body"}) == "x\n");
  CHECK(read("a.jsonl", "\xEF\xBB\xBF{\"text\": \"x\"}\n") == "x\n");
  CHECK(read("a.jsonl", "{\"text\": \"x\"}\r{\"text\": \"y\"}") == "x\ny\n");
  CHECK(read("a.jsonl", "").empty());
  CHECK(read("a.txt", "{\"text\": \"x\"}\n") == "{\"text\": \"x\"}\n");
}

TEST_CASE("JSON lines: a record without its text is named") {
  const std::string good = "{\"text\": \"x\"}\n";
  CHECK(read("a.jsonl", good + "\n{\"id\": 1, \"body\": \"y\"}\n") ==
        "error: a.jsonl:3: has no key \"text\", found \"id\", \"body\"; set text_column_name to the key that holds the "
        "text");
  CHECK(read("a.jsonl", good + "{\"text\": null}\n") ==
        "error: a.jsonl:2: the value of \"text\" is null, expected a string");
  CHECK(read("a.jsonl", "{\"text\": [\"x\"]}") ==
        "error: a.jsonl:1: the value of \"text\" is an array, expected a string");
  CHECK(read("a.jsonl", good + "\"x\"\n") == "error: a.jsonl:2: is not an object, expected one JSON object per line");
  CHECK(read("a.json", "[{\"text\": \"x\"}]") ==
        "error: a.json:1: is not an object, expected one JSON object per line; if the file is one array, convert it "
        "with `jq -c '.[]'`");
  CHECK(read("a.json", "[\n{\"text\": \"x\"}\n]").ends_with("if the file is one array, convert it with `jq -c '.[]'`"));
  const std::string damaged = read("a.jsonl", good + "{\"text\": \"x\"\n");
  CHECK_MESSAGE(damaged.starts_with("error: a.jsonl:2:13: "), damaged);
  CHECK_MESSAGE(damaged.find(".,") == damaged.npos, damaged);
  CHECK_MESSAGE(damaged.ends_with(", expected one JSON object per line"), damaged);
}

TEST_CASE("JSON lines that are not UTF-8") {
  CHECK(
      read("a.jsonl", "{\"text\": \"th\xE9\"}").starts_with("error: a.jsonl:1: is not UTF-8 from byte 12 on; convert"));
  CHECK(read("a.jsonl", "{\"text\": \"th\xE9\"}", {.allow_invalid_utf8 = true, .notice = {}}) == "th\uFFFD\n");
}

TEST_CASE("JSON lines: any blocks and threads give the same texts, and the first damaged line is named") {
  std::string file, texts;
  for (int i = 0; i < 20000; ++i) {
    texts += "text " + std::to_string(i) + "\n";
    file += "{\"text\": \"text " + std::to_string(i) + "\", \"n\": [" + std::to_string(i) + "]}\n";
  }
  const int threads = num_threads();
  for (const int count : {1, 3}) {
    set_num_threads(count);
    for (const index_t size : {index_t{1000}, TextStream::kBlockSize}) {
      CHECK(read("a.jsonl", file, {}, size) == texts);
      CHECK(read("a.jsonl", file + "{}\n" + file + "{}\n", {}, size).starts_with("error: a.jsonl:20001: has no key"));
    }
  }
  set_num_threads(threads);
}

TEST_CASE("CSV: the text column, with quotes, commas and line breaks as RFC 4180 writes them") {
  CHECK(read("a.csv", "id,text\n1,the cat\n2,\"a, \"\"b\"\"\nc\"\n3,\n") == "the cat\na, \"b\" c\n\n");
  CHECK(read("a.csv", "text,id\r\nthe cat,1\r\n\"x\r\ny\",\"2\"\r\n") == "the cat\nx\r y\n");
  CHECK(read("a.csv", "text\n\"last\"") == "last\n");
  CHECK(read("a.csv", "text\nlast") == "last\n");
  CHECK(read("a.csv", "\xEF\xBB\xBF\"text\",\"id\"\n\nx,1\n") == "x\n");
  CHECK(read("a.csv", "id,body\n1,x y\n", {.text_column_name = "body"}) == "x y\n");
  CHECK(read("a.csv", "id,text\n1,5\" disk\n") == "5\" disk\n");  // a quote inside a field without quotes
  CHECK(read("a.csv", "\r\n\nid,text\n1,x\n") == "x\n");
  CHECK(read("a.csv", "id,text\n").empty());
  CHECK(read("a.csv", "").empty());
}

TEST_CASE("CSV: any block size gives the same texts") {
  std::string file = "id,text\n", texts;
  for (int i = 0; i < 2000; ++i) {
    const std::string n = std::to_string(i);
    file += n + (i % 3 == 0 ? ",\"line " + n + "\nand \"\"more\"\",\n\n\"\n" : ",line " + n + "\n");
    texts += "line " + n + (i % 3 == 0 ? " and \"more\",  \n" : "\n");
  }
  for (const index_t size : {1, 7, 1000, 1 << 24}) CHECK(read("a.csv", file, {}, size) == texts);
}

TEST_CASE("CSV: what is wrong is named with its line") {
  CHECK(read("a.csv", "id,body\n1,x\n") ==
        "error: a.csv:1: has no column \"text\", found \"id\", \"body\"; set text_column_name to the column that holds "
        "the text");
  CHECK(read("a.csv", "id;text\n1;x\n") ==
        "error: a.csv:1: has no column \"text\", found \"id;text\"; separate the columns by commas");
  CHECK(read("a.csv", "id,text\n1,\"x\ny\"\n2,and god, said\n") ==
        "error: a.csv:4: has 3 fields, expected 2 as in the header; put quotes around a field that contains commas");
  CHECK(read("a.csv", "id,text\n1,x\n2,\"open\n3,x\n") ==
        "error: a.csv:3: a field that begins with a quote does not end before the file does, expected a closing quote; "
        "write a quote within quotes twice");
  CHECK(read("a.csv", "id,text\n1,\"so\" he said\n") ==
        "error: a.csv:2: a field has text after its closing quote, expected a comma or the end of the line; write a "
        "quote within quotes twice");
}

}  // namespace
