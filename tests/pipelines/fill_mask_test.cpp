#include <minibert/pipelines/fill_mask.hpp>

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "support/test_data.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;

namespace {

BertTokenizer tiny_tokenizer() {
  std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (const char* word :
       {"the", "cat", "dog", "sat", "ran", "##s", "on", "mat", ".", "a", "b", "c", "d", "e", "f", "g", "h", "i"})
    vocabulary.push_back(word);
  return BertTokenizer(vocabulary);
}

}  // namespace

TEST_CASE("fill_mask: scores are probabilities, best first, and sequences hold the guess") {
  const BertForMaskedLM model(testing::tiny_config());
  const BertTokenizer tokenizer = tiny_tokenizer();
  const auto result = fill_mask(model, tokenizer, "the [MASK] sat", 23);
  REQUIRE(result.size() == 1);
  REQUIRE(result[0].size() == 23);
  double total = 0;
  std::map<std::string, std::string> sequences;
  for (std::size_t i = 0; i < result[0].size(); ++i) {
    const FillMaskPrediction& p = result[0][i];
    total += p.score;
    if (i > 0) CHECK(p.score <= result[0][i - 1].score);
    CHECK(p.token_str == tokenizer.convert_ids_to_tokens(p.token));
    sequences[p.token_str] = p.sequence;
  }
  CHECK(result[0].front().score > 1.1 * result[0].back().score);
  CHECK(sequences.size() == 23);
  CHECK(sequences["cat"] == "the cat sat");
  CHECK(sequences["##s"] == "thes sat");
  CHECK(total == doctest::Approx(1));
}

TEST_CASE("fill_mask: several masks keep the special tokens and each other") {
  const BertForMaskedLM model(testing::tiny_config());
  const auto result = fill_mask(model, tiny_tokenizer(), "the [MASK] [MASK]", 1);
  REQUIRE(result.size() == 2);
  CHECK(result[0][0].sequence == "[CLS] the " + result[0][0].token_str + " [MASK] [SEP]");
}

TEST_CASE("fill_mask: texts without a mask, too long ones, and too many guesses are refused") {
  const BertForMaskedLM model(testing::tiny_config());
  const BertTokenizer tokenizer = tiny_tokenizer();
  CHECK_THROWS_WITH_AS(fill_mask(model, tokenizer, "the cat"),
                       "fill_mask: the text 'the cat' contains no [MASK], expected one or more", ValueError);
  CHECK_THROWS_WITH_AS(fill_mask(model, tokenizer, "[MASK] a b c d e f g h"),
                       "fill_mask: the text has 11 tokens, expected at most the model's max_position_embeddings, 10",
                       ValueError);
  CHECK_THROWS_AS(fill_mask(model, tokenizer, "[MASK]", 24), ValueError);
  CHECK_THROWS_AS(fill_mask(model, tokenizer, "[MASK]", 0), ValueError);
}

TEST_CASE("FillMaskPipeline: opens a saved folder, and refuses a tokenizer that is too large for the model") {
  const testing::TemporaryDirectory folder;
  const BertForMaskedLM model(testing::tiny_config());
  model.save_pretrained(folder.path());
  tiny_tokenizer().save_pretrained(folder.path());
  const auto pipeline = FillMaskPipeline::from_pretrained(folder.path());
  CHECK(pipeline("the [MASK] sat")[0][0].score == fill_mask(model, tiny_tokenizer(), "the [MASK] sat")[0][0].score);
  BertConfig small = testing::tiny_config();
  small.vocab_size = 20;
  CHECK_THROWS_WITH_AS(FillMaskPipeline(BertForMaskedLM(small), tiny_tokenizer()),
                       "fill_mask: the tokenizer has 23 tokens, expected at most the model's vocab_size, 20",
                       ValueError);
}
