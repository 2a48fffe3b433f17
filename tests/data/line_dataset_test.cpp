#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include <minibert/data/line_dataset.hpp>

#include "support/number_tokenizer.hpp"
#include "support/test_data.hpp"

namespace {

using minibert::index_t;
using minibert::LineDataset;
using minibert::token_id;
using minibert::testing::NumberTokenizer;

LineDataset dataset_of(std::string_view text, index_t max_length = 16) {
  return LineDataset::from_texts(std::array{text}, NumberTokenizer(), max_length);
}

std::vector<token_id> ids(const LineDataset& dataset, index_t i) {
  return {dataset.ids(i).begin(), dataset.ids(i).end()};
}

/// A text of n lines, line i holding the tokens 5 + i % 50 and 7.
std::string numbered_lines(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += std::to_string(5 + i % 50) + " 7\n";
  return text;
}

TEST_CASE("lines are split at \\n only and blank ones are skipped but counted in the line numbers") {
  const LineDataset dataset = dataset_of("5 6\r\n\n \t\v\f7 8\n   \n9\r10");
  REQUIRE(dataset.size() == 3);
  CHECK(ids(dataset, 0) == std::vector<token_id>{2, 5, 6, 3});
  CHECK(ids(dataset, 1) == std::vector<token_id>{2, 7, 8, 3});
  CHECK(ids(dataset, 2) == std::vector<token_id>{2, 9, 10, 3});
  CHECK(dataset.line(1) == 2);
  CHECK(dataset.line(2) == 4);
  CHECK(dataset.num_blank() == 2);
  CHECK(dataset.num_tokens() == 12);
}

TEST_CASE("an empty text and one of blank lines have no examples") {
  CHECK(dataset_of("").empty());
  CHECK(dataset_of("\n\n \n").empty());
  CHECK(dataset_of("\n\n \n").num_blank() == 3);
}

TEST_CASE("long lines are cut, keep their [SEP] and are counted") {
  const LineDataset dataset = dataset_of("5 6 7\n5 6 7 8\n5 6 7 8 9 10\n", 5);
  CHECK(ids(dataset, 0) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(ids(dataset, 1) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(ids(dataset, 2) == std::vector<token_id>{2, 5, 6, 7, 3});
  CHECK(dataset.num_truncated() == 2);
  CHECK_THROWS_AS(dataset_of("5", 2), minibert::ValueError);
}

TEST_CASE("several files are one text; line numbers go on") {
  const minibert::testing::TemporaryDirectory folder;
  minibert::write_file(folder / "a", "5\n6");
  minibert::write_file(folder / "b", "7\n");
  const LineDataset dataset = LineDataset::from_files({folder / "a", folder / "b"}, NumberTokenizer(), 8);
  REQUIRE(dataset.size() == 3);
  CHECK(ids(dataset, 2) == std::vector<token_id>{2, 7, 3});
  CHECK(dataset.line(2) == 2);
  CHECK_THROWS_AS(LineDataset::from_files({folder / "absent"}, NumberTokenizer(), 8), minibert::IoError);
}

TEST_CASE("any number of threads gives the same dataset") {
  const std::string text = numbered_lines(3000);
  const int threads = minibert::num_threads();
  minibert::set_num_threads(1);
  const LineDataset serial = dataset_of(text);
  minibert::set_num_threads(3);
  const LineDataset parallel = dataset_of(text);
  minibert::set_num_threads(threads);
  REQUIRE(serial.size() == 3000);
  REQUIRE(parallel.size() == 3000);
  for (index_t i = 0; i < 3000; ++i) {
    REQUIRE(ids(serial, i) == ids(parallel, i));
    REQUIRE(parallel.line(i) == i);
  }
}

TEST_CASE("an error of the tokenizer comes out of the parallel loop") {
  CHECK_THROWS_WITH_AS(dataset_of(numbered_lines(1000) + "bad\n"), "a bad line", minibert::ValueError);
}

TEST_CASE("a split is a partition, fixed by the seed, in the order of the text") {
  const LineDataset dataset = dataset_of(numbered_lines(200));
  const auto [train, validation] = dataset.split(5, 1);
  CHECK(validation.size() == 10);
  CHECK(train.size() == 190);
  std::set<index_t> lines;
  for (const LineDataset* part : {&train, &validation})
    for (index_t i = 0; i < part->size(); ++i) {
      CHECK((i == 0 || part->line(i - 1) < part->line(i)));
      CHECK(ids(*part, i) == ids(dataset, part->line(i)));
      lines.insert(part->line(i));
    }
  CHECK(lines.size() == 200);
  CHECK(dataset.split(5, 1).validation.line(0) == validation.line(0));
  bool differs = false;
  const LineDataset other = dataset.split(5, 2).validation;
  for (index_t i = 0; i < 10; ++i) differs = differs || other.line(i) != validation.line(i);
  CHECK(differs);
}

TEST_CASE("a split leaves something on both sides or is refused") {
  CHECK(dataset_of("5\n6\n").split(0.001, 1).validation.size() == 1);
  CHECK(dataset_of("5\n6\n").split(99.9, 1).train.size() == 1);
  CHECK_THROWS_AS(dataset_of("5\n").split(5, 1), minibert::ValueError);
  CHECK_THROWS_AS(dataset_of("5\n6\n").split(0, 1), minibert::ValueError);
  CHECK_THROWS_AS(dataset_of("5\n6\n").split(100, 1), minibert::ValueError);
}

TEST_CASE("the fingerprint follows the text") {
  CHECK(dataset_of("5\n6\n").fingerprint() == dataset_of("5\n6\n").fingerprint());
  CHECK(dataset_of("5\n6\n").fingerprint() != dataset_of("5\n7\n").fingerprint());
  CHECK(dataset_of("5\n6\n").fingerprint() != dataset_of("5\n6").fingerprint());
}

}  // namespace
