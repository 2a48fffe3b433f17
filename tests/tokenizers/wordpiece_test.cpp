#include <minibert/tokenizers/wordpiece.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

using Ids = std::vector<token_id>;

Ids ids(const WordPiece& model, std::string_view word) {
  Ids result;
  model.append_ids(word, result);
  return result;
}

}  // namespace

TEST_CASE("greedy longest match, then the pieces that continue a word") {
  const WordPiece model({"[UNK]", "un", "##aff", "##able", "##a", "unab", "##ff"});
  CHECK(ids(model, "unaffable") == Ids{1, 2, 3});
  CHECK(ids(model, "unab") == Ids{5});
  CHECK(ids(model, "una") == Ids{1, 4});
  CHECK(ids(model, "able") == Ids{0});    // "##able" only continues a word
  CHECK(ids(model, "unable") == Ids{0});  // no backtracking from "unab", which no piece continues
  CHECK(ids(model, "unaffx") == Ids{0});  // one [UNK] for the whole word
}

TEST_CASE("ids are appended, and an unknown word adds only [UNK]") {
  const WordPiece model({"[UNK]", "a", "##b"});
  Ids result{9};
  model.append_ids("abbx", result);
  CHECK(result == Ids{9, 0});
}

TEST_CASE("a word of 101 characters is unknown, one of 100 is not, whatever its number of bytes") {
  const WordPiece model({"[UNK]", "a", "##a", "\u0DC3", "##\u0DC3"});
  std::string sinhala;
  for (int i = 0; i < 100; ++i) sinhala += "\u0DC3";
  CHECK(ids(model, std::string(100, 'a')).size() == 100);
  CHECK(ids(model, std::string(101, 'a')) == Ids{0});
  CHECK(ids(model, sinhala).size() == 100);
  CHECK(ids(model, sinhala + "\u0DC3") == Ids{0});
}

TEST_CASE("a vocabulary without pieces that continue a word") {
  const WordPiece model({"[UNK]", "a"});
  CHECK(ids(model, "a") == Ids{1});
  CHECK(ids(model, "aa") == Ids{0});
}

TEST_CASE("the entries \"##\" and \"\" never give an empty piece") {
  const WordPiece model({"[UNK]", "##", "", "a", "##b"});
  CHECK(ids(model, "ab") == Ids{3, 4});
  CHECK(ids(model, "ac") == Ids{0});
  CHECK(model.find("") == 2);
}

TEST_CASE("a token that occurs several times has its last id; the other ids are unused") {
  const WordPiece model({"[UNK]", "a", "b", "a"});
  CHECK(model.vocab_size() == 4);
  CHECK(ids(model, "a") == Ids{3});
  CHECK(model.token(1) == nullptr);
  CHECK(*model.token(3) == "a");
}

TEST_CASE("a custom continuation prefix") {
  const WordPiece model({"?", "a", "@@b"}, "?", "@@");
  CHECK(ids(model, "abb") == Ids{1, 2, 2});
  CHECK(ids(model, "ac") == Ids{0});
}

TEST_CASE("a vocabulary without the unknown token or with invalid UTF-8 is an error") {
  CHECK_THROWS_WITH_AS(WordPiece({"a", "b"}),
                       "wordpiece: the vocabulary of 2 entries lacks the token for unknown words, \"[UNK]\"; add it, "
                       "or set unk_token to another entry",
                       ValueError);
  CHECK_THROWS_WITH_AS(WordPiece({"[UNK]", "\xFF"}),
                       "wordpiece: entry 1 of the vocabulary is not UTF-8; convert the vocabulary to UTF-8",
                       ValueError);
}
