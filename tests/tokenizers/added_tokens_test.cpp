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

/// Splits a text at its added tokens. Returns the pieces of text, and each added token as "<id>".
std::vector<std::string> split(const AddedTokens& tokens, std::string_view text) {
  std::vector<std::string> pieces;
  tokens.split(
      text, [&](std::string_view piece) { pieces.emplace_back(piece); },
      [&](token_id id, std::string_view) { pieces.push_back(core::concat("<", id, ">")); });
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

TEST_CASE("lstrip and rstrip take white space, but not what the token before has taken") {
  using Pieces = std::vector<std::string>;
  const AddedTokens tokens = added({{.id = 6, .content = "<l>", .lstrip = true},
                                    {.id = 7, .content = "<r>", .rstrip = true},
                                    {.id = 8, .content = " <s>"}});
  CHECK(split(tokens, "a \t<l> b") == Pieces{"a", "<6>", " b"});
  CHECK(split(tokens, "a <r> \u2003b") == Pieces{"a ", "<7>", "b"});
  CHECK(split(tokens, " <r>  <l> ") == Pieces{" ", "<7>", "<6>", " "});
  CHECK(split(tokens, "<r> <s>a") == Pieces{"<7>", "<8>", "a"});
  std::vector<std::string> matches;
  tokens.split(
      "a <l><r> ", [](std::string_view) {}, [&](token_id, std::string_view match) { matches.emplace_back(match); });
  CHECK(matches == Pieces{" <l>", "<r> "});
}

TEST_CASE("single words have no letter, mark, digit or connector beside them") {
  using Pieces = std::vector<std::string>;
  const AddedTokens tokens = added({{.id = 6, .content = "xy", .single_word = true}});
  CHECK(split(tokens, "xy xy-xy") == Pieces{"<6>", " ", "<6>", "-", "<6>"});
  for (const char* text : {"axy", "xya", "xy_", "xy\u0301", "\u200Dxy", "1xy", "xyxy"})
    CHECK(split(tokens, text) == Pieces{text});
  CHECK(split(tokens, "\xE0\xA4xy\x80") == Pieces{"\xE0\xA4", "<6>", "\x80"});
}

TEST_CASE("normalized tokens are found in normalized text, and stand for what is found there") {
  using Pieces = std::vector<std::string>;
  const AddedTokens tokens = added({{.id = 6, .content = "\u00C9t\u00E9", .normalized = true}});
  CHECK(split(tokens, "\u00C9t\u00E9") == Pieces{"\u00C9t\u00E9"});
  Pieces pieces;
  tokens.split_normalized(
      "aete", [&](std::string_view piece) { pieces.emplace_back(piece); },
      [&](token_id id, std::string_view match) { pieces.push_back(core::concat(id, match)); });
  CHECK(pieces == Pieces{"a", "6ete"});
  REQUIRE(tokens.text(6) != nullptr);
  CHECK(*tokens.text(6) == "ete");
  CHECK(tokens.text(7) == nullptr);
  CHECK(tokens.find("\u00C9t\u00E9") == 6);
  CHECK_THROWS_WITH_AS(added({{.id = 6, .content = "\u200D", .normalized = true}}),
                       "added tokens: \"\u200D\" is empty after normalization; "
                       "set normalized = false to find it in the raw text",
                       ValueError);
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
  CHECK_THROWS_WITH_AS(added({{3, "[MASK]"}}),
                       "added tokens: \"[MASK]\" has the id 3, expected its id in the vocabulary, 4", ValueError);
  CHECK_THROWS_AS(added({{5, "<e>"}}), ValueError);
  CHECK_THROWS_AS(added({{6, "<e>"}, {6, "<f>"}}), ValueError);
  CHECK_THROWS_AS(added({{6, ""}}), ValueError);
}
