#include <minibert/tokenizers/added_tokens.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

const WordPiece& model() {
  static const WordPiece model({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"});
  return model;
}

AddedTokens added(std::vector<AddedToken> tokens) { return AddedTokens(std::move(tokens), {}, model()); }

/// The pieces as text, added tokens as "<id>".
std::vector<std::string> split(const AddedTokens& tokens, std::string_view text) {
  std::vector<std::string> pieces;
  tokens.split(
      text, [&](std::string_view piece) { pieces.emplace_back(piece); },
      [&](token_id id, std::string_view) { pieces.push_back(concat("<", id, ">")); });
  return pieces;
}

}  // namespace

TEST_CASE("added tokens are cut out of raw text by bytes") {
  using Pieces = std::vector<std::string>;
  const AddedTokens tokens = added({});
  CHECK(split(tokens, "") == Pieces{});
  CHECK(split(tokens, "a[MASK]b") == Pieces{"a", "<4>", "b"});
  CHECK(split(tokens, "[[MASK]]") == Pieces{"[", "<4>", "]"});
  CHECK(split(tokens, "[CLS][SEP]") == Pieces{"<2>", "<3>"});
  CHECK(split(tokens, "[mask] [MASKED] [MASK") == Pieces{"[mask] [MASKED] [MASK"});
}

TEST_CASE("the leftmost, then the longest wins") {
  const AddedTokens tokens = added({{6, "ab", false}, {7, "abcd", false}, {8, "bcde", false}});
  using Pieces = std::vector<std::string>;
  CHECK(split(tokens, "abcde") == Pieces{"<7>", "e"});
  CHECK(split(tokens, "abcxbcde") == Pieces{"<6>", "cx", "<8>"});
}

TEST_CASE("ids: from the vocabulary, else from its size up") {
  const WordPiece small({"[UNK]", "[SEP]", "a"});
  const AddedTokens tokens({}, {}, small);
  CHECK(tokens.find("[UNK]") == 0);
  CHECK(tokens.find("[SEP]") == 1);
  CHECK(tokens.find("[PAD]") == 3);  // in the order unk, sep, pad, cls, mask
  CHECK(tokens.find("[CLS]") == 4);
  CHECK(tokens.find("[MASK]") == 5);
  CHECK(tokens.end_id() == 6);
  CHECK(tokens.is_special(5));
  CHECK_FALSE(tokens.is_special(2));
  CHECK_FALSE(tokens.is_special(-1));
  CHECK_FALSE(tokens.is_special(6));
}

TEST_CASE("a named special token is special, whatever its entry says") {
  CHECK(added({{4, "[MASK]", false}}).is_special(4));
  CHECK_FALSE(added({{6, "<e>", false}}).is_special(6));
}

TEST_CASE("ids that contradict the vocabulary are refused") {
  CHECK_THROWS_WITH_AS(added({{3, "[MASK]"}}), "added tokens: \"[MASK]\" has the id 3, the vocabulary of 6 has it at 4",
                       ValueError);
  CHECK_THROWS_AS(added({{5, "<e>"}}), ValueError);
  CHECK_THROWS_AS(added({{6, "<e>"}, {6, "<f>"}}), ValueError);
  CHECK_THROWS_AS(added({{6, ""}}), ValueError);
}
