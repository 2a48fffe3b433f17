#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string_view>

#include <minibert/data/unigram_baseline.hpp>

#include "support/number_tokenizer.hpp"

namespace {

using minibert::DataCollatorForLanguageModeling;
using minibert::TextDataset;
using minibert::UnigramBaseline;
using minibert::testing::NumberTokenizer;

TextDataset dataset_of(std::string_view text) {
  return TextDataset::from_texts(std::array{text}, NumberTokenizer(8), 16);
}

TEST_CASE("the loss uses counts plus one, without special tokens") {
  // Tokens 5, 6, 7 occur 3, 1, 0 times. With 1 added to each count, the probabilities are 4/7, 2/7, 1/7.
  const TextDataset train = dataset_of("5 5 1\n5 6 0\n");
  const DataCollatorForLanguageModeling everything(NumberTokenizer(8), {.mlm_probability = 1});
  const UnigramBaseline baseline(train, everything);
  CHECK(baseline.evaluate(dataset_of("5\n"), everything) == doctest::Approx(std::log(7.0 / 4)));
  CHECK(baseline.evaluate(dataset_of("7 7 1\n6"), everything) ==
        doctest::Approx((2 * std::log(7.0) + std::log(7.0 / 2)) / 3));
  CHECK(baseline.evaluate(dataset_of("1 0\n"), everything) == 0);
  const DataCollatorForLanguageModeling nothing(NumberTokenizer(8), {.mlm_probability = 0});
  CHECK(baseline.evaluate(dataset_of("5\n"), nothing) == 0);
}

}  // namespace
