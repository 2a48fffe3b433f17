#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include <minibert/data/text_dataset.hpp>
#include <minibert/io/file.hpp>

#include "support/number_tokenizer.hpp"
#include "support/test_data.hpp"

namespace {

using minibert::index_t;
using minibert::TextDataset;
using minibert::token_id;
using minibert::testing::NumberTokenizer;

TextDataset dataset_of(std::string_view text, index_t max_length = 16) {
  return TextDataset::from_texts(std::array{text}, NumberTokenizer(), max_length);
}

/// Returns a text of n lines; line i has the tokens 5 + i % 50 and 7.
std::string numbered_lines(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += std::to_string(5 + i % 50) + " 7\n";
  return text;
}

TEST_CASE("lines end at \\n only, and blank lines are skipped") {
  const TextDataset dataset = dataset_of("5 6\r\n\n \t\v\f7 8\n   \n9\r10");
  REQUIRE(dataset.size() == 3);
  CHECK(dataset.ids(0) == std::vector<token_id>{2, 5, 6, 3});
  CHECK(dataset.ids(1) == std::vector<token_id>{2, 7, 8, 3});
  CHECK(dataset.ids(2) == std::vector<token_id>{2, 9, 10, 3});
  CHECK(dataset.number(2) == 2);
  CHECK(dataset.num_blank() == 2);
  CHECK(dataset.num_tokens() == 12);
}

TEST_CASE("an empty text and a text of blank lines have no examples") {
  CHECK(dataset_of("").empty());
  CHECK(dataset_of("\n\n \n").empty());
  CHECK(dataset_of("\n\n \n").num_blank() == 3);
}

TEST_CASE("long lines are cut, keep their [SEP] and are counted") {
  const TextDataset dataset = dataset_of("5 6 7\n5 6 7 8\n5 6 7 8 9 10\n", 5);
  CHECK(dataset.ids(0) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(dataset.ids(1) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(dataset.ids(2) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(dataset.num_truncated() == 2);
  CHECK_THROWS_AS(dataset_of("5", 2), minibert::ValueError);
}

/// A NumberTokenizer to which 9 stands for unknown words.
struct TokenizerWithUnknown : NumberTokenizer {
  token_id unk_token_id() const { return 9; }
};

TEST_CASE("the share of unknown tokens counts neither [CLS] nor [SEP], nor what is cut off") {
  const std::string text = "5 9 6 7\n\n9\n5 6 7 8 9\n";  // cut to 4 tokens: 2 of 9 are unknown
  const minibert::testing::TemporaryDirectory folder;
  for (const bool group : {false, true}) {
    minibert::TextDatasetOptions options{.group_texts = group, .cache_dir = folder.path()};
    for (int i = 0; i < 2; ++i) {  // the second dataset comes from the cache
      const std::array texts{std::string_view(text)};
      const TextDataset dataset = TextDataset::from_texts(texts, TokenizerWithUnknown(), 6, options);
      CHECK(dataset.unknown_share() == (group ? 3. / 10 : 2. / 9));
      CHECK(dataset.unknown_tokens_warning().starts_with(group ? "30 % of the tokens" : "22.2 % of the tokens"));
    }
  }
}

TEST_CASE("a warning comes above 5 % of unknown tokens") {
  const auto share_of = [](int known) {
    std::string text = "9";
    for (int i = 0; i < known; ++i) text += " 5";
    return TextDataset::from_texts(std::array{std::string_view(text)}, TokenizerWithUnknown(), 64);
  };
  CHECK(share_of(19).unknown_tokens_warning().empty());  // exactly 5 %
  CHECK_FALSE(share_of(18).unknown_tokens_warning().empty());
  CHECK(dataset_of("9 9").unknown_share() == 0);  // a tokenizer without an unknown token
  CHECK(TextDataset().unknown_tokens_warning().empty());
}

TEST_CASE("several files are one text whose examples are numbered through") {
  const minibert::testing::TemporaryDirectory folder;
  minibert::io::write_file(folder / "a", "5\n6");
  minibert::io::write_file(folder / "b", "7\n");
  const TextDataset dataset = TextDataset::from_files({folder / "a", folder / "b"}, NumberTokenizer(), 8);
  REQUIRE(dataset.size() == 3);
  CHECK(dataset.ids(2) == std::vector<token_id>{2, 7, 3});
  CHECK(dataset.number(2) == 2);
  CHECK_THROWS_AS(TextDataset::from_files({folder / "absent"}, NumberTokenizer(), 8), minibert::IoError);
}

TEST_CASE("any number of threads gives the same dataset") {
  const std::string text = numbered_lines(3000);
  const int threads = minibert::num_threads();
  minibert::set_num_threads(1);
  const TextDataset serial = dataset_of(text);
  minibert::set_num_threads(3);
  const TextDataset parallel = dataset_of(text);
  minibert::set_num_threads(threads);
  REQUIRE(serial.size() == 3000);
  REQUIRE(parallel.size() == 3000);
  for (index_t i = 0; i < 3000; ++i) {
    REQUIRE(serial.ids(i) == parallel.ids(i));
    REQUIRE(parallel.number(i) == i);
  }
}

TEST_CASE("an error of the tokenizer leaves the parallel loop as an exception") {
  CHECK_THROWS_WITH_AS(dataset_of(numbered_lines(1000) + "bad\n"), "a bad line", minibert::ValueError);
}

TEST_CASE("a split is a partition that depends on the seed and keeps the order of the text") {
  const TextDataset dataset = dataset_of(numbered_lines(200));
  const auto [train, validation] = dataset.split(5, 1);
  CHECK(validation.size() == 10);
  CHECK(train.size() == 190);
  std::set<index_t> lines;
  for (const TextDataset* part : {&train, &validation})
    for (index_t i = 0; i < part->size(); ++i) {
      CHECK((i == 0 || part->number(i - 1) < part->number(i)));
      CHECK(part->ids(i) == dataset.ids(part->number(i)));
      lines.insert(part->number(i));
    }
  CHECK(lines.size() == 200);
  CHECK(dataset.split(5, 1).validation.number(0) == validation.number(0));
  bool differs = false;
  const TextDataset other = dataset.split(5, 2).validation;
  for (index_t i = 0; i < 10; ++i) differs = differs || other.number(i) != validation.number(i);
  CHECK(differs);
}

TEST_CASE("both parts of a split have examples; otherwise it is refused") {
  CHECK(dataset_of("5\n6\n").split(0.001, 1).validation.size() == 1);
  CHECK(dataset_of("5\n6\n").split(99.9, 1).train.size() == 1);
  CHECK_THROWS_AS(dataset_of("5\n").split(5, 1), minibert::ValueError);
  CHECK_THROWS_AS(dataset_of("5\n6\n").split(0, 1), minibert::ValueError);
  CHECK_THROWS_AS(dataset_of("5\n6\n").split(100, 1), minibert::ValueError);
}

TEST_CASE("a text that cannot be split is counted in lines, and the way out is named") {
  const auto message = [](std::string_view text, bool group_texts) {
    try {
      TextDataset::from_texts(std::array{text}, NumberTokenizer(), 100, {.group_texts = group_texts}).split(5, 1);
      return std::string("no error");
    } catch (const minibert::ValueError& error) {
      return std::string(error.what());
    }
  };
  CHECK(message("5\n\n", false) ==
        "the text has only one line with text, expected at least 2 lines to hold out some for evaluation; give more "
        "text, a validation file, or set validation_split_percentage to 0");
  CHECK(message("5\n", true) == message("5\n", false));
  CHECK(message("5\n6\n7\n8\n9\n", true) ==
        "the 5 lines of the text make only one sequence of 15 tokens, expected at least 2 sequences to hold out some "
        "for evaluation; give more text, a smaller max_seq_length, a validation file, or set "
        "validation_split_percentage to 0");
  CHECK(message("\n", false).starts_with("the text has no line with text, expected at least 2 lines"));
  CHECK(message("5\n6\n", false) == "no error");
}

TEST_CASE("files that are not lines of UTF-8") {
  const minibert::testing::TemporaryDirectory folder;
  minibert::io::write_file(folder / "latin1", "5 6\n7 \xE9\n");
  minibert::io::write_file(folder / "a.jsonl", "{\"body\": \"5\\n6\"}\n{\"body\": \"7\"}\n");
  minibert::io::write_file(folder / "a.csv", "id,body\n1,5 6\n");
  minibert::io::write_file(folder / "mac", "5 6\r7\r");
  minibert::TextDatasetOptions options{.text_column_name = "body"};
  std::string notices;
  options.notice = [&](std::string_view notice) { notices += notice; };
  const auto examples = [&](const char* name) {
    const TextDataset dataset = TextDataset::from_files({folder / name}, NumberTokenizer(), 8, options);
    std::vector<std::vector<token_id>> all;
    for (index_t i = 0; i < dataset.size(); ++i) all.push_back(dataset.ids(i));
    return all;
  };
  const std::vector<std::vector<token_id>> two_lines = {{2, 5, 6, 3}, {2, 7, 3}};
  CHECK(examples("a.jsonl") == two_lines);
  CHECK(examples("a.csv") == std::vector<std::vector<token_id>>{{2, 5, 6, 3}});
  CHECK(examples("mac") == two_lines);
  CHECK(notices.empty());
  CHECK_THROWS_WITH_AS(examples("latin1"), doctest::Contains("1 of 2 lines is not UTF-8: line 2, with byte 0xE9"),
                       minibert::FormatError);
  options.allow_invalid_utf8 = true;
  CHECK(examples("latin1") == two_lines);
  CHECK(notices.starts_with("warning: " + (folder / "latin1").string() + ": 1 of 2 lines is not UTF-8"));
}

TEST_CASE("the same bytes under another name, or read by another column, are another cache file") {
  const minibert::testing::TemporaryDirectory folder;
  const std::string_view text = "{\"text\": \"5\", \"body\": \"6\"}\n";
  minibert::io::write_file(folder / "a.jsonl", text);
  minibert::TextDatasetOptions options{.cache_dir = folder / "cache"};
  const auto first = [&] {
    return TextDataset::from_files({folder / "a.jsonl"}, NumberTokenizer(), 8, options).ids(0);
  };
  CHECK(first() == std::vector<token_id>{2, 5, 3});
  options.text_column_name = "body";
  CHECK(first() == std::vector<token_id>{2, 6, 3});
  minibert::io::write_file(folder / "a.txt", text);
  CHECK(TextDataset::from_files({folder / "a.txt"}, NumberTokenizer(), 8, options).empty());
}

/// Returns the ids of all examples.
std::vector<std::vector<token_id>> examples_of(const TextDataset& dataset) {
  std::vector<std::vector<token_id>> examples;
  for (index_t i = 0; i < dataset.size(); ++i) examples.push_back(dataset.ids(i));
  return examples;
}

TEST_CASE(
    "group_texts concatenates all lines, also blank and long ones, cuts them, and keeps the shorter last example") {
  const auto grouped = [](std::vector<std::string_view> texts, index_t max_length) {
    return TextDataset::from_texts(texts, NumberTokenizer(), max_length, {.group_texts = true});
  };
  const TextDataset dataset = grouped({"5 6 7 8 9 10\n\n11\n", "12"}, 5);
  CHECK(examples_of(dataset) ==
        std::vector<std::vector<token_id>>{{2, 5, 6, 7, 8}, {9, 10, 3, 2, 3}, {2, 11, 3, 2, 12}, {3}});
  CHECK(dataset.num_tokens() == 16);
  CHECK(dataset.num_blank() == 1);
  CHECK(dataset.num_truncated() == 0);
  CHECK(dataset.lines_of_texts() == std::vector<index_t>{2, 1});
  CHECK(examples_of(grouped({"5 6 7\n"}, 5)) == std::vector<std::vector<token_id>>{{2, 5, 6, 7, 3}});
  CHECK(grouped({""}, 5).empty());
}

TEST_CASE("group_texts: any number of threads gives the same examples, also for a text of several blocks") {
  const std::string text = numbered_lines(3000000);  // 20 MB
  const int threads = minibert::num_threads();
  std::vector<std::vector<token_id>> results;
  for (const int count : {1, 3}) {
    minibert::set_num_threads(count);
    const TextDataset dataset =
        TextDataset::from_texts(std::array{std::string_view(text)}, NumberTokenizer(), 1000, {.group_texts = true});
    REQUIRE(dataset.num_tokens() == 4 * 3000000);
    REQUIRE(dataset.size() == 12000);
    results.emplace_back();
    for (index_t i = 0; i < dataset.size(); ++i) dataset.append_ids(i, results.back());
  }
  minibert::set_num_threads(threads);
  bool is_right = true;
  for (index_t line = 0; line < 3000000; ++line) {
    const token_id expected[] = {2, static_cast<token_id>(5 + line % 50), 7, 3};
    is_right = is_right && std::equal(expected, expected + 4, results[0].begin() + 4 * line);
  }
  CHECK(is_right);
  CHECK(results[0] == results[1]);
}

TEST_CASE("the non-blank lines of each file are counted") {
  const minibert::testing::TemporaryDirectory folder;
  minibert::io::write_file(folder / "a", "5\n\n6");
  minibert::io::write_file(folder / "b", "\n \n");
  minibert::io::write_file(folder / "c", "");
  const TextDataset dataset = TextDataset::from_files({folder / "a", folder / "b", folder / "c"}, NumberTokenizer(), 8);
  CHECK(dataset.lines_of_texts() == std::vector<index_t>{2, 0, 0});
  CHECK(dataset.num_blank() == 3);
}

TEST_CASE("the fingerprint changes with the text") {
  CHECK(dataset_of("5\n6\n").fingerprint() == dataset_of("5\n6\n").fingerprint());
  CHECK(dataset_of("5\n6\n").fingerprint() != dataset_of("5\n7\n").fingerprint());
  CHECK(dataset_of("5\n6\n").fingerprint() != dataset_of("5\n6").fingerprint());
}

}  // namespace
