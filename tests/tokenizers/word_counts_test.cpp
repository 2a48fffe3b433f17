#include <minibert/tokenizers/word_counts.hpp>

#include <map>
#include <string>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/tokenizers/pre_tokenizer.hpp>

#include "support/test_data.hpp"

using namespace minibert;

TEST_CASE("words are in order of first appearance") {
  WordCounts counts;
  for (const char* word : {"b", "a", "b", "", "b"}) counts.add(word);
  REQUIRE(counts.size() == 3);
  CHECK(counts.word(0) == "b");
  CHECK(counts.count(0) == 3);
  CHECK(counts.word(1) == "a");
  CHECK(counts.word(2) == "");
}

TEST_CASE("counts are 64-bit; adding other counts appends their new words in order") {
  WordCounts counts, other;
  counts.add("x", std::int64_t{1} << 40);
  other.add("y");
  other.add("x", std::int64_t{1} << 40);
  counts.add(other);
  REQUIRE(counts.size() == 2);
  CHECK(counts.count(0) == std::int64_t{1} << 41);
  CHECK(counts.word(1) == "y");
}

TEST_CASE("many words, so that the hash table grows several times") {
  WordCounts counts;
  std::map<std::string, std::int64_t> expected;
  for (int i = 0; i < 20000; ++i) {
    const std::string word = std::to_string(i * i % 9973);
    counts.add(word);
    ++expected[word];
  }
  REQUIRE(counts.size() == core::length(expected));
  for (index_t i = 0; i < counts.size(); ++i) REQUIRE(counts.count(i) == expected[std::string(counts.word(i))]);
}

TEST_CASE("words are counted after normalization and pre-tokenization") {
  WordCounter counter(BertNormalizerOptions{});
  counter.add_text("The cat, the CAT\r\n\n[MASK] caf\u00E9");
  const WordCounts& counts = counter.counts();
  REQUIRE(counts.size() == 7);
  CHECK(counts.word(0) == "the");
  CHECK(counts.count(0) == 2);
  CHECK(counts.word(2) == ",");
  CHECK(counts.word(3) == "[");  // special tokens are split like any other text
  CHECK(counts.word(6) == "cafe");
  CHECK(counter.loss().lines == 3);
}

TEST_CASE("counts do not depend on chunks and threads") {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += std::to_string(i % 7001) + (i % 11 == 0 ? "\n" : i % 5 == 0 ? "." : " ");
  text += std::string(1 << 19, 'x');  // a line longer than two chunks
  WordCounts expected;
  BertPreTokenizer().for_each_word(text, [&](std::string_view word) { expected.add(word); });

  for (const int threads : {1, 3}) {
    const int before = num_threads();
    set_num_threads(threads);
    WordCounter counter(BertNormalizerOptions{});
    counter.add_text(text);
    set_num_threads(before);
    REQUIRE(counter.counts().size() == expected.size());
    for (index_t i = 0; i < expected.size(); ++i) {
      REQUIRE(counter.counts().word(i) == expected.word(i));
      REQUIRE(counter.counts().count(i) == expected.count(i));
    }
  }
}

TEST_CASE("several files are counted together; a line ends at the end of its file") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "a", "the cat\nthe");
  io::write_file(folder / "b", "re is a cat\n");
  WordCounter counter(BertNormalizerOptions{});
  index_t read = 0;
  counter.add_files({folder / "a", folder / "b"}, [&](index_t done, index_t) { read = done; });
  CHECK(read == 23);
  REQUIRE(counter.counts().size() == 5);
  CHECK(counter.counts().count(0) == 2);
  CHECK(counter.counts().word(2) == "re");
  CHECK(counter.loss().lines == 3);
}

TEST_CASE("lines that are not UTF-8 are an error, or are counted with a warning") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "latin1", "th\xE9\ncaf\xE9\n");
  WordCounter strict(BertNormalizerOptions{});
  CHECK_THROWS_WITH_AS(strict.add_file(folder / "latin1"), doctest::Contains("2 of 2 lines are not UTF-8"),
                       FormatError);
  CHECK_THROWS_WITH_AS(strict.add_text("th\xE9\n"), doctest::Contains("the text: 1 of 1 line is not UTF-8"),
                       FormatError);
  std::string notices;
  WordCounter counter(BertNormalizerOptions{},
                      {.allow_invalid_utf8 = true, .notice = [&](std::string_view notice) { notices += notice; }});
  counter.add_file(folder / "latin1");
  REQUIRE(counter.counts().size() == 2);
  CHECK(counter.counts().word(0) == "th");
  CHECK(notices.starts_with("warning: " + (folder / "latin1").string() + ": 2 of 2 lines are not UTF-8"));
}

TEST_CASE("JSON lines and CSV are counted by their text column") {
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "a.jsonl", "{\"body\": \"the cat\"}\n");
  io::write_file(folder / "a.csv", "body,id\nthe dog,cat\n");
  WordCounter counter(BertNormalizerOptions{}, {.text_column_name = "body"});
  counter.add_files({folder / "a.jsonl", folder / "a.csv"});
  REQUIRE(counter.counts().size() == 3);
  CHECK(counter.counts().count(0) == 2);
  CHECK(counter.counts().word(2) == "dog");
}

TEST_CASE("a missing file is an error") {
  const testing::TemporaryDirectory folder;
  CHECK_THROWS_AS(WordCounter(BertNormalizerOptions{}).add_file(folder / "none.txt"), IoError);
}
