#include <minibert/tokenizers/padding.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <minibert/tokenizers/bert_tokenizer.hpp>

using namespace minibert;

namespace {

using Ids = std::vector<token_id>;

BertTokenizer tokenizer(BertTokenizerOptions options = {}) {
  return BertTokenizer({"[UNK]", "[CLS]", "[SEP]", "[MASK]", "[PAD]", "a", "b"}, options);
}

}  // namespace

TEST_CASE("longest: every vector is padded to the longest text of the batch") {
  const BatchEncoding batch = tokenizer().batch_encode({"a b a", "b"}, {.padding = PaddingStrategy::longest,
                                                                        .return_special_tokens_mask = true,
                                                                        .return_offsets_mapping = true,
                                                                        .return_word_ids = true});
  REQUIRE(batch.encodings.size() == 2);
  CHECK(batch.encodings[0].input_ids == Ids{1, 5, 6, 5, 2});
  const Encoding& padded = batch.encodings[1];
  CHECK(padded.input_ids == Ids{1, 6, 2, 4, 4});
  CHECK(padded.token_type_ids == Ids{0, 0, 0, 0, 0});
  CHECK(padded.attention_mask == Ids{1, 1, 1, 0, 0});
  CHECK(padded.special_tokens_mask == Ids{1, 0, 1, 1, 1});
  CHECK(padded.offset_mapping == std::vector<CharSpan>{{0, 0}, {0, 1}, {0, 0}, {0, 0}, {0, 0}});
  CHECK(padded.word_ids == std::vector<index_t>{kNoWord, 0, kNoWord, kNoWord, kNoWord});
  CHECK(batch.overflow_to_sample_mapping == std::vector<index_t>{0, 1});
}

TEST_CASE("padding to max_length, to a multiple, on the left; also of an empty text") {
  const BertTokenizer t = tokenizer({.model_max_length = 4, .padding_side = Side::left});
  CHECK(t.encode("a", {.padding = PaddingStrategy::max_length}) == Ids{4, 1, 5, 2});
  CHECK(t.encode("a b a", {.padding = PaddingStrategy::max_length}) == Ids{1, 5, 6, 5, 2});  // not truncated
  CHECK(t.encode("a", {.padding = PaddingStrategy::max_length, .max_length = 5, .padding_side = Side::right}) ==
        Ids{1, 5, 2, 4, 4});
  CHECK(t.encode("a", {.padding = PaddingStrategy::max_length, .max_length = 3, .pad_to_multiple_of = 4}) ==
        Ids{4, 1, 5, 2});
  const Encoding empty = t("", {.add_special_tokens = false,
                                .padding = PaddingStrategy::max_length,
                                .max_length = 2,
                                .return_special_tokens_mask = true});
  CHECK(empty.input_ids == Ids{4, 4});
  CHECK(empty.attention_mask == Ids{0, 0});
  CHECK(empty.special_tokens_mask == Ids{1, 1});
  CHECK(empty.word_ids.empty());
}

TEST_CASE("pad() pads existing encodings, in the vectors that they have") {
  const BertTokenizer t = tokenizer();
  std::vector<Encoding> encodings{t("a b"), t("a", "b", {.return_word_ids = true})};
  t.pad(encodings);
  CHECK(encodings[0].input_ids == Ids{1, 5, 6, 2, 4});
  CHECK(encodings[0].special_tokens_mask.empty());
  CHECK(encodings[1].word_ids.size() == 5);
  t.pad(encodings, {});
  CHECK(encodings[0].input_ids.size() == 5);
}

TEST_CASE("overflowing encodings follow the encoding of their text and are padded too") {
  const BatchEncoding batch = tokenizer().batch_encode({"a", "a b a"}, {.padding = PaddingStrategy::longest,
                                                                        .truncation = TruncationStrategy::longest_first,
                                                                        .max_length = 4,
                                                                        .return_overflowing_tokens = true});
  REQUIRE(batch.encodings.size() == 3);
  CHECK(batch.encodings[2].input_ids == Ids{1, 5, 2, 4});
  CHECK(batch.overflow_to_sample_mapping == std::vector<index_t>{0, 1, 1});
}

TEST_CASE("{} means default options, also after a second text") {
  const BertTokenizer t = tokenizer();
  const std::vector<std::string> texts = {"a b", "b"};
  CHECK(t.batch_encode(texts, {}).encodings[0].input_ids == t.batch_encode(texts).encodings[0].input_ids);
  CHECK(t.batch_encode(texts, {}).encodings[1].input_ids == Ids{1, 6, 2});
  CHECK(t.batch_encode(texts, texts, {}).encodings[1].input_ids == Ids{1, 6, 2, 6, 2});
  CHECK(t.batch_encode(texts, texts).encodings[1].input_ids == Ids{1, 6, 2, 6, 2});
  CHECK(t("b", {}).input_ids == Ids{1, 6, 2});
  CHECK(t("b", "a").input_ids == Ids{1, 6, 2, 5, 2});
  CHECK(t("b", std::string("a"), {}).input_ids == Ids{1, 6, 2, 5, 2});
  CHECK(t("b", texts[1]).input_ids == Ids{1, 6, 2, 6, 2});
}

TEST_CASE("batches of pairs, and invalid arguments") {
  const BertTokenizer t = tokenizer();
  const BatchEncoding batch = t.batch_encode({"a", ""}, {"b", ""}, {.padding = PaddingStrategy::longest});
  CHECK(batch.encodings[0].input_ids == Ids{1, 5, 2, 6, 2});
  CHECK(batch.encodings[1].input_ids == Ids{1, 2, 2, 4, 4});
  CHECK(t.batch_encode({}, {.padding = PaddingStrategy::longest}).encodings.empty());
  CHECK_THROWS_WITH_AS(t.batch_encode({"a"}, std::vector<std::string>{}),
                       "batch_encode: 0 second texts, expected 1, one for each first text", ValueError);
  CHECK_THROWS_WITH_AS(
      t("a", {.padding = PaddingStrategy::max_length}),
      "pad: padding is max_length, but neither max_length nor the tokenizer's model_max_length is set; set one of them",
      ValueError);
  CHECK_THROWS_AS(t("a", {.pad_to_multiple_of = 0}), ValueError);
  CHECK_THROWS_WITH_AS(t("a", {.padding = PaddingStrategy::longest,
                               .truncation = TruncationStrategy::only_first,
                               .max_length = 9,
                               .pad_to_multiple_of = 4}),
                       "encode: max_length is 9, expected a multiple of pad_to_multiple_of, 4, "
                       "when texts are both truncated and padded",
                       ValueError);
}
