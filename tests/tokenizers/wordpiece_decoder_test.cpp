#include <minibert/tokenizers/wordpiece_decoder.hpp>

#include <initializer_list>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

std::string joined(std::initializer_list<const char*> tokens) {
  WordPieceDecoder decoder;
  for (const char* token : tokens) decoder.add(token);
  return decoder.take();
}

}  // namespace

TEST_CASE("pieces are joined, with spaces between words but not before punctuation") {
  CHECK(joined({}) == "");
  CHECK(joined({"un", "##aff", "##able", "words", ".", "ok", "?"}) == "unaffable words. ok?");
  CHECK(joined({"##ing", "##ed"}) == "##inged");
}

TEST_CASE("spaces are removed within each token only") {
  CHECK(joined({"don", "'", "t"}) == "don ' t");
  CHECK(joined({"2", ".", "5"}) == "2. 5");
  CHECK(joined({"(", "yes", ")"}) == "( yes )");
  CHECK(joined({"does", "n't"}) == "doesn't");
  CHECK(joined({"we", "'ve"}) == "we've");
}

TEST_CASE("clean_up_tokenization removes spaces in the whole text, and keeps \"do not\"") {
  std::string text = "don ' t , do not ; it ' s ( fine ) .";
  WordPieceDecoder::clean_up_tokenization(text);
  CHECK(text == "don't, do not ; it's ( fine ).");
}

TEST_CASE("take empties the decoder") {
  WordPieceDecoder decoder;
  decoder.add("a");
  CHECK(decoder.take() == "a");
  decoder.add("##b");
  CHECK(decoder.take() == "##b");
}
