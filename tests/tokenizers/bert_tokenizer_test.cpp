#include <minibert/tokenizers/bert_tokenizer.hpp>

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/io/file.hpp>
#include <minibert/tokenizers/word_counts.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>

#include "support/count_allocations.hpp"
#include "support/test_data.hpp"

using namespace minibert;

namespace {

using Ids = std::vector<token_id>;
using Tokens = std::vector<std::string>;

const Tokens kVocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s", "!", "e", "##e"};

BertTokenizer tokenizer(BertTokenizerOptions options = {}) { return BertTokenizer(kVocabulary, options); }

}  // namespace

TEST_CASE("a text becomes [CLS] pieces [SEP]") {
  const BertTokenizer t = tokenizer();
  CHECK(t.encode("Hello worlds!") == Ids{2, 5, 6, 7, 8, 3});
  CHECK(t.encode("Hello worlds!", {.add_special_tokens = false}) == Ids{5, 6, 7, 8});
  CHECK(t.encode("") == Ids{2, 3});
  CHECK(t.encode(" \u200D\t") == Ids{2, 3});
  CHECK(t.tokenize("hello[MASK]zebra") == Tokens{"hello", "[MASK]", "[UNK]"});
  CHECK(tokenizer({.do_lower_case = false}).encode("Hello") == Ids{2, 1, 3});
  CHECK(t.encode("\xFFhello\xE0") == Ids{2, 5, 3});
}

TEST_CASE("text between added tokens is normalized piece by piece") {
  // The mark U+0301 after [MASK] begins a new piece of text and is dropped; it does not combine with the e before
  // [MASK].
  CHECK(tokenizer().encode("e[MASK]\u0301e", {.add_special_tokens = false}) == Ids{9, 4, 9});
}

TEST_CASE("max_length counts the special tokens, and what is cut is told") {
  const BertTokenizer t = tokenizer();
  CHECK(t.encode("hello hello hello", {.max_length = 4}) == Ids{2, 5, 5, 3});
  CHECK(t.encode("hello", {.max_length = 2}) == Ids{2, 3});
  CHECK(t.encode("hello hello", {.add_special_tokens = false, .max_length = 1}) == Ids{5});
  Ids ids{42};
  CHECK(t.encode_into("hello hello hello", 4, ids) == 1);
  CHECK(t.encode_into("hello", 4, ids) == 0);
  CHECK(ids == Ids{42, 2, 5, 5, 3, 2, 5, 3});
  CHECK_THROWS_WITH_AS(t.encode("hello", {.max_length = 1}),
                       "encode: max_length is 1, expected at least 2, the number of special tokens", ValueError);
  CHECK_THROWS_AS(t("hello", "hello", {.max_length = 2}), ValueError);
}

TEST_CASE("pairs have two types, and the longer text is cut first") {
  const BertTokenizer t = tokenizer();
  const Encoding pair = t("hello", "world!");
  CHECK(pair.input_ids == Ids{2, 5, 3, 6, 8, 3});
  CHECK(pair.token_type_ids == Ids{0, 0, 0, 1, 1, 1});
  CHECK(t("hello", "").input_ids == Ids{2, 5, 3, 3});
  CHECK(t("hello").token_type_ids == Ids{0, 0, 0});
  CHECK(t("hello hello hello", "world", {.max_length = 6}).input_ids == Ids{2, 5, 5, 3, 6, 3});
  CHECK(t("hello", "world world world", {.max_length = 6}).input_ids == Ids{2, 5, 3, 6, 6, 3});
  CHECK(t("hello hello", "world world", {.max_length = 6}).input_ids == Ids{2, 5, 3, 6, 6, 3});
  CHECK(t("hello hello", "world", {.add_special_tokens = false}).token_type_ids == Ids{0, 0, 1});
}

TEST_CASE("ids and tokens, both ways") {
  const BertTokenizer t = tokenizer();
  CHECK(t.vocab_size() == 11);
  CHECK(t.convert_tokens_to_ids("world") == 6);
  CHECK(t.convert_tokens_to_ids(Tokens{"##s", "nowhere"}) == Ids{7, 1});
  CHECK(t.convert_ids_to_tokens(Ids{4, 7}) == Tokens{"[MASK]", "##s"});
  CHECK_THROWS_AS(t.convert_ids_to_tokens(11), ValueError);
  CHECK_THROWS_AS(t.convert_ids_to_tokens(-1), ValueError);
  CHECK(Ids{t.pad_token_id(), t.unk_token_id(), t.cls_token_id(), t.sep_token_id(), t.mask_token_id()} ==
        Ids{0, 1, 2, 3, 4});
  CHECK(t.is_special(1));
  CHECK_FALSE(t.is_special(5));
}

TEST_CASE("a token that continues a word is known by its text") {
  const BertTokenizer t = tokenizer();
  const Encoding encoding = t("Hello worlds!e ee zebra [MASK]s##s", {.return_word_ids = true});
  for (index_t i = 1; i < core::length(encoding.input_ids); ++i)
    CHECK(t.continues_word(core::at(encoding.input_ids, i)) ==
          (core::at(encoding.word_ids, i) && core::at(encoding.word_ids, i) == core::at(encoding.word_ids, i - 1)));
  CHECK(t.continues_word(7));
  CHECK_FALSE(t.continues_word(11));  // no token

  const auto other = [](const std::string& prefix) {
    return BertTokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "@", prefix + "a"},
                         {.continuing_subword_prefix = prefix});
  };
  CHECK_FALSE(other("@").continues_word(5));  // a word by itself
  CHECK(other("@").continues_word(6));
  CHECK_THROWS_AS(other("x").continues_word(6), ValueError);
  CHECK_THROWS_AS(other("").continues_word(6), ValueError);
}

TEST_CASE("decoding leaves out what has no token, and special tokens on request") {
  const BertTokenizer t = tokenizer();
  CHECK(t.decode(t.encode("Hello worlds!")) == "[CLS] hello worlds! [SEP]");
  CHECK(t.decode({2, 5, 6, 7, 8, 3, 99}, true) == "hello worlds!");
  CHECK(t.decode({2, 7}, true) == "##s");  // first among those that stay
  CHECK(t.batch_decode({{5}, {}, {2, 6}}, true) == Tokens{"hello", "", "world"});
  CHECK_THROWS_AS(t.decode({-1}), ValueError);
}

TEST_CASE("special tokens that the vocabulary lacks get the next ids") {
  const BertTokenizer t({"[UNK]", "a"}, {.mask_token = "<mask>"});
  CHECK(t.vocab_size() == 6);
  CHECK(t.encode("a<mask>") == Ids{t.cls_token_id(), 1, t.mask_token_id(), t.sep_token_id()});
  CHECK(t.convert_ids_to_tokens(5) == "<mask>");
  CHECK_THROWS_AS(BertTokenizer({"a", "b"}), ValueError);
}

TEST_CASE("the fingerprint changes with whatever changes ids, and with nothing else") {
  const std::uint64_t original = tokenizer().fingerprint();
  CHECK(original == 13874454445946317945u);  // in every run, on every machine
  CHECK(tokenizer({.strip_accents = true, .model_max_length = 7}).fingerprint() == original);
  CHECK(tokenizer({.do_lower_case = false}).fingerprint() != original);
  CHECK(tokenizer({.truncation_side = Side::left}).fingerprint() != original);
  CHECK(tokenizer({.strip_accents = false}).fingerprint() != original);
  CHECK(tokenizer({.tokenize_chinese_chars = false}).fingerprint() != original);
  CHECK(tokenizer({.mask_token = "!"}).fingerprint() != original);
  Tokens other = kVocabulary;
  std::swap(other[5], other[6]);
  CHECK(BertTokenizer(other).fingerprint() != original);
}

TEST_CASE("training gives a tokenizer that knows its corpus; from another one with its special tokens") {
  WordCounter counter(BertTokenizerOptions{}.normalizer());
  counter.add_text("Low lower lowest\nnew newer newest");
  const BertTokenizer trained = BertTokenizer::train(counter.counts(), {.model_max_length = 16}, {.vocab_size = 24});
  CHECK(trained.vocab_size() == 24);
  CHECK(trained.model_max_length() == 16);
  CHECK(trained.pad_token_id() == 0);
  CHECK(trained.mask_token_id() == 4);
  CHECK(trained.decode(trained.encode("Newest LOWER"), true) == "newest lower");

  const BertTokenizer base({"a", "<mask>", "[UNK]", "[SEP]", "[CLS]", "[PAD]"}, {.mask_token = "<mask>"});
  const BertTokenizer renewed = base.train_new(counter.counts(), {.vocab_size = 24});
  CHECK(renewed.convert_ids_to_tokens({0, 1, 2, 3, 4}) == Tokens{"<mask>", "[UNK]", "[SEP]", "[CLS]", "[PAD]"});
  CHECK(renewed.vocab_size() == 24);
}

TEST_CASE("a trainer's special tokens follow the named ones, and flags of special tokens outlive a new training") {
  const WordPieceTrainer trainer{.special_tokens = {"<x>", "[SEP]"}, .continuing_subword_prefix = "@@"};
  WordCounter counter(BertTokenizerOptions{}.normalizer());
  counter.add_text("aab aab");
  const BertTokenizer trained = BertTokenizer::train(counter.counts(), {}, trainer);
  CHECK(trained.convert_ids_to_tokens(5) == "<x>");
  CHECK(trained.is_special(5));
  CHECK(trained.tokenize("ab<x>aab") == Tokens{"a", "@@b", "<x>", "aab"});
  CHECK(trained.decode(trained.encode("ab aab"), true) == "ab aab");
  CHECK(trained(std::string("a ab"), {.return_offsets_mapping = true}).offset_mapping.at(3) == CharSpan{3, 4});

  const BertTokenizer base(
      {kVocabulary,
       {{.id = 4, .content = "[MASK]", .lstrip = true}, {.id = 11, .content = "<y>", .special = false}},
       {}});
  const BertTokenizer renewed = base.train_new(counter.counts(), {.special_tokens = {"<x>"}});
  CHECK(renewed.convert_ids_to_tokens({4, 5}) == Tokens{"[MASK]", "<x>"});
  CHECK(renewed.encode("a  [MASK]", {.add_special_tokens = false}) == Ids{6, 4});
  CHECK(renewed.decode({6, 4}) == "a [MASK]");
  CHECK(renewed(std::string("a  [MASK]"), {.return_offsets_mapping = true}).offset_mapping.at(2) == CharSpan{1, 9});
  CHECK(renewed.convert_tokens_to_ids("<y>") == 1);
}

TEST_CASE("encoding into a buffer allocates nothing once it has grown") {
  for (const bool lower : {true, false}) {
    const BertTokenizer t = tokenizer({.do_lower_case = lower});
    Ids ids;
    const auto encode = [&] {
      ids.clear();
      for (int line = 0; line < 10; ++line)
        t.encode_into("Hello worlds! \u00C9\u4E00\uAC01\u0DC3\u0DD2 [MASK] xyz", 64, ids);
    };
    encode();
    CHECK(testing::count_allocations(encode) == 0);
  }
}

TEST_CASE("one tokenizer serves several threads") {
  const auto path = testing::test_data("wikitext2/valid.txt");
  const auto folder = testing::test_data("tokenizers/bert-base-uncased");
  if (!path || !folder) return;
  const std::string text = io::read_file(*path).substr(0, 100000);
  const BertTokenizer t = BertTokenizer::from_pretrained(*folder);
  const Ids expected = t.encode(text);
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& result : results) threads.emplace_back([&] { result = t.encode(text); });
  for (std::thread& thread : threads) thread.join();
  for (const Ids& result : results) CHECK(result == expected);
}
