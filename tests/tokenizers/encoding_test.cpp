#include <minibert/tokenizers/encoding.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/parallel.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>

#include "support/quotes.hpp"

using namespace minibert;

namespace {

using Ids = std::vector<token_id>;
using Spans = std::vector<CharSpan>;
using Words = std::vector<index_t>;

BertTokenizer tokenizer(BertTokenizerOptions options = {}) {
  return BertTokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s", "!", "e", "##e"},
                       options);
}

// docs/tokenizers.md quotes this function.
std::vector<std::string> windows_of(const BertTokenizer& tokenizer, const std::string& question,
                                    const std::string& page) {
  const Encoding encoding = tokenizer(question, page,
                                      {.truncation = TruncationStrategy::only_second,
                                       .max_length = 12,
                                       .stride = 2,
                                       .return_overflowing_tokens = true,
                                       .return_offsets_mapping = true});
  std::vector<std::string> windows{tokenizer.decode(encoding.input_ids)};
  for (const Encoding& more : encoding.overflowing) windows.push_back(tokenizer.decode(more.input_ids));
  return windows;
}

const EncodeOptions kAll{.return_special_tokens_mask = true, .return_offsets_mapping = true, .return_word_ids = true};

}  // namespace

TEST_CASE("ids, types and attention mask are always filled; special tokens mask, offsets and words on request") {
  const Encoding plain = tokenizer()("hello world");
  CHECK(plain.input_ids == Ids{2, 5, 6, 3});
  CHECK(plain.attention_mask == Ids{1, 1, 1, 1});
  CHECK(plain.special_tokens_mask.empty());
  CHECK(plain.offset_mapping.empty());
  CHECK(plain.word_ids.empty());
  CHECK(plain.overflowing.empty());

  const Encoding all = tokenizer()("Hello worlds!", kAll);
  CHECK(all.input_ids == Ids{2, 5, 6, 7, 8, 3});
  CHECK(all.special_tokens_mask == Ids{1, 0, 0, 0, 0, 1});
  CHECK(all.offset_mapping == Spans{{0, 0}, {0, 5}, {6, 11}, {11, 12}, {12, 13}, {0, 0}});
  CHECK(all.word_ids == Words{kNoWord, 0, 1, 1, 2, kNoWord});
}

TEST_CASE("offsets count characters of the original text, also for unknown words and added tokens") {
  const Encoding e = tokenizer()(" \u00C9\u200De \u0DC3\u0DD2zz[MASK]\xFF!", kAll);
  CHECK(e.input_ids == Ids{2, 9, 10, 1, 4, 8, 3});
  CHECK(e.offset_mapping == Spans{{0, 0}, {1, 2}, {3, 4}, {5, 9}, {9, 15}, {16, 17}, {0, 0}});
  CHECK(e.word_ids == Words{kNoWord, 0, 0, 1, 2, 3, kNoWord});
  CHECK(e.special_tokens_mask == Ids{1, 0, 0, 0, 0, 0, 1});  // the [MASK] is part of the text
}

TEST_CASE("offsets of added tokens in raw and in normalized text include the white space that lstrip and rstrip take") {
  BertTokenizerParts parts{{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "e"}, {}, {}};
  parts.added_tokens = {{.id = 6, .content = "<R>", .lstrip = true},
                        {.id = 7, .content = "<N>", .special = false, .rstrip = true, .normalized = true}};
  const Encoding e = BertTokenizer(parts)("\u00C9 <R>\u200D<\u00F1>  e", kAll);
  CHECK(e.input_ids == Ids{2, 5, 6, 7, 5, 3});
  CHECK(e.offset_mapping == Spans{{0, 0}, {0, 1}, {1, 5}, {6, 11}, {11, 12}, {0, 0}});
  CHECK(e.word_ids == Words{kNoWord, 0, 1, 2, 3, kNoWord});
}

TEST_CASE("in a pair each text has its own offsets and word numbers") {
  const Encoding pair = tokenizer()("hello", "world!", kAll);
  CHECK(pair.offset_mapping == Spans{{0, 0}, {0, 5}, {0, 0}, {0, 5}, {5, 6}, {0, 0}});
  CHECK(pair.word_ids == Words{kNoWord, 0, kNoWord, 0, 1, kNoWord});
  CHECK(pair.special_tokens_mask == Ids{1, 0, 1, 0, 0, 1});
}

TEST_CASE("truncated tokens overflow, with a stride") {
  const BertTokenizer t = tokenizer();
  EncodeOptions options{.max_length = 4, .stride = 1, .return_overflowing_tokens = true, .return_word_ids = true};
  const Encoding e = t("hello world hello !", options);
  CHECK(e.input_ids == Ids{2, 5, 6, 3});
  REQUIRE(e.overflowing.size() == 2);
  CHECK(e.overflowing[0].input_ids == Ids{2, 6, 5, 3});
  CHECK(e.overflowing[0].word_ids == Words{kNoWord, 1, 2, kNoWord});
  CHECK(e.overflowing[1].input_ids == Ids{2, 5, 8, 3});
  CHECK(e.overflowing[1].attention_mask == Ids{1, 1, 1, 1});

  options.truncation_side = Side::left;
  CHECK(t("hello world hello !", options).input_ids == Ids{2, 5, 8, 3});
  options.return_overflowing_tokens = false;
  CHECK(t("hello world hello !", options).overflowing.empty());
}

TEST_CASE("overflow of a pair combines each window of one text with each window of the other") {
  const Encoding e =
      tokenizer()("hello world e", "world ! hello", {.max_length = 7, .return_overflowing_tokens = true});
  CHECK(e.input_ids == Ids{2, 5, 6, 3, 6, 8, 3});
  REQUIRE(e.overflowing.size() == 3);
  CHECK(e.overflowing[0].input_ids == Ids{2, 9, 3, 6, 8, 3});
  CHECK(e.overflowing[1].input_ids == Ids{2, 9, 3, 5, 3});
  CHECK(e.overflowing[2].input_ids == Ids{2, 5, 6, 3, 5, 3});
  CHECK(e.overflowing[2].token_type_ids == Ids{0, 0, 0, 0, 1, 1});
}

TEST_CASE("truncation: default and explicit strategy, length and side") {
  const BertTokenizer t = tokenizer({.model_max_length = 4, .truncation_side = Side::left});
  CHECK(t("hello world e").input_ids == Ids{2, 5, 6, 9, 3});  // not requested
  CHECK(t("hello world e", {.truncation = TruncationStrategy::longest_first}).input_ids == Ids{2, 6, 9, 3});
  CHECK(t.encode("hello world e", {.max_length = 3}) == Ids{2, 9, 3});
  CHECK(t.encode("hello world e", {.truncation = TruncationStrategy::only_first, .max_length = 3}) == Ids{2, 9, 3});
  CHECK(t.encode("hello world e", {.truncation = TruncationStrategy::do_not_truncate, .max_length = 3}) ==
        Ids{2, 5, 6, 9, 3});
  CHECK(t.encode("hello world", {.max_length = 3, .truncation_side = Side::right}) == Ids{2, 5, 3});
  Ids ids;
  CHECK(t.encode_into("hello world e", 4, ids) == 1);
  CHECK(ids == Ids{2, 6, 9, 3});
  CHECK_THROWS_AS(t.encode("hello world e", {.truncation = TruncationStrategy::only_second, .max_length = 3}),
                  ValueError);
  CHECK_THROWS_WITH_AS(t("hello", {.max_length = 5, .stride = 4}),
                       "encode: stride is 4, expected 0 to 3 (max_length minus 2)", ValueError);
  CHECK_THROWS_WITH_AS(t("hello", {.add_special_tokens = false, .max_length = 1, .stride = 1}),
                       "encode: stride is 1, expected 0 to 0 (max_length minus 2)", ValueError);
  CHECK_THROWS_AS(t("hello", {.max_length = 5, .stride = -1}), ValueError);
}

TEST_CASE("the code in docs/tokenizers.md is the tested code above") {
  const std::vector<std::string> blocks = testing::cpp_blocks("docs/tokenizers.md");
  REQUIRE(blocks.size() == 1);
  CHECK(testing::repository_file("tests/tokenizers/encoding_test.cpp").find(blocks[0]) != std::string::npos);
  CHECK(windows_of(tokenizer(), "hello world", "e worlds! hello world e worlds") ==
        std::vector<std::string>{"[CLS] hello world [SEP] e worlds! hello world e [SEP]",
                                 "[CLS] hello world [SEP] world e worlds [SEP]"});
}

TEST_CASE("with any number of threads, a batch has the same encodings and reports the first text that fails") {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i)
    texts.push_back(i % 7 == 0 ? "" : "hello worlds" + std::string(core::usize(i % 50), '!'));
  const EncodeOptions options{.padding = PaddingStrategy::longest,
                              .truncation = TruncationStrategy::longest_first,
                              .max_length = 20,
                              .return_overflowing_tokens = true,
                              .return_offsets_mapping = true};
  const BertTokenizer t = tokenizer();
  std::vector<BatchEncoding> batches;
  const int threads = num_threads();
  for (const int n : {1, 2, 5}) {
    set_num_threads(n);
    batches.push_back(t.batch_encode(texts, options));
    CHECK_THROWS_WITH_AS(
        t.batch_encode(texts, texts, {.truncation = TruncationStrategy::only_first, .max_length = 12}),
        doctest::Contains("truncation: only_first would cut 9 tokens from a text of 9, but at least 1 must remain"),
        ValueError);
  }
  set_num_threads(threads);
  REQUIRE(batches[0].encodings.size() > 1500);
  for (const BatchEncoding& batch : batches) {
    CHECK(batch.overflow_to_sample_mapping == batches[0].overflow_to_sample_mapping);
    REQUIRE(batch.encodings.size() == batches[0].encodings.size());
    for (index_t i = 0; i < core::length(batch.encodings); ++i) {
      CHECK(core::at(batch.encodings, i).input_ids == core::at(batches[0].encodings, i).input_ids);
      CHECK(core::at(batch.encodings, i).attention_mask == core::at(batches[0].encodings, i).attention_mask);
      CHECK(core::at(batch.encodings, i).offset_mapping == core::at(batches[0].encodings, i).offset_mapping);
    }
  }
}
