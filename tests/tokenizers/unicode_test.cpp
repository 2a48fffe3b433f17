#include <minibert/tokenizers/unicode.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

std::u32string decomposed(char32_t c) {
  std::u32string characters;
  unicode::decompose(c, [&](char32_t part) { characters += part; });
  return characters;
}

}  // namespace

TEST_CASE("properties are those of Hugging Face's tokenizer, not of the newest Unicode") {
  CHECK(unicode::is_removed(0x00AD));
  CHECK(unicode::is_removed(core::utf8::kReplacement));
  CHECK_FALSE(unicode::is_removed(0x0890));  // a format character since Unicode 14
  CHECK_FALSE(unicode::is_removed('\n'));
  CHECK(unicode::is_removed('\v'));
  CHECK(unicode::is_punctuation('$'));
  CHECK_FALSE(unicode::is_punctuation(0x20AC));  // € is a symbol, not punctuation
  CHECK_FALSE(unicode::is_punctuation(0x2E52));  // newer than Hugging Face's table
  CHECK(unicode::is_cjk(0x4E00));
  CHECK(unicode::is_cjk(0x2B81F));
  CHECK_FALSE(unicode::is_cjk(0x2B820));  // the gap in Hugging Face's table
  CHECK(unicode::is_cjk(0x2B920));
  CHECK(unicode::is_mark(0x0301));
  CHECK(unicode::is_mark(0x1734));
  CHECK_FALSE(unicode::is_mark(0x08D4));
  CHECK(unicode::is_whitespace(0x3000));
}

TEST_CASE("decomposition is full, and computed for Hangul syllables") {
  CHECK(decomposed('a') == U"a");
  CHECK(decomposed(0x1E14) == U"E\u0304\u0300");
  CHECK(decomposed(0xAC00) == U"\u1100\u1161");
  CHECK(decomposed(0xAC01) == U"\u1100\u1161\u11A8");
  CHECK(decomposed(0xD7A3) == U"\u1112\u1175\u11C2");
  CHECK(decomposed(0xD7A4) == U"\uD7A4");
  CHECK(decomposed(0xF900) == U"\u8C48");
  CHECK(decomposed(0x11938) == U"\U00011938");  // decomposes since Unicode 13
}

TEST_CASE("lower case and combining class at the ends of their runs") {
  CHECK(unicode::lowercase('Z') == 'z');
  CHECK(unicode::lowercase('[') == '[');
  CHECK(unicode::lowercase(0x0100) == 0x0101);
  CHECK(unicode::lowercase(0x0101) == 0x0101);
  CHECK(unicode::lowercase(0x03A3) == 0x03C3);
  CHECK(unicode::lowercase(0x16EA0) == 0x16EBB);  // newer than utf8proc's table
  CHECK(unicode::combining_class(0x0300) == 230);
  CHECK(unicode::combining_class(0x302A) == 218);
  CHECK(unicode::combining_class(0x0903) == 0);
  CHECK(unicode::combining_class(0x1ABF) == 0);  // newer than Hugging Face's table
}

TEST_CASE("trim_end() leaves white space at the start") {
  CHECK(unicode::trim_end(" a b \r\t\u3000") == " a b");
  CHECK(unicode::trim_end("\r") == "");
  CHECK(unicode::trim_end("\u0D3F") == "\u0D3F");
}

TEST_CASE("word characters and white space at both ends of a text") {
  for (const char32_t c : {U'a', U'_', U'7', U'\u0301', U'\u200D', U'\u24B6', U'\U0002EE5D'})
    CHECK(unicode::is_word_character(c));
  for (const char32_t c : {U' ', U'-', U'\u00B2', U'\uFFFD', U'\U0010FFFF', U'\0'})
    CHECK_FALSE(unicode::is_word_character(c));
  CHECK(unicode::starts_with_word("\u0DC3!"));
  CHECK(unicode::ends_with_word("!\u0DC3"));
  CHECK_FALSE(unicode::ends_with_word("a\x80"));
  CHECK_FALSE(unicode::ends_with_word("a\xE0\xA4"));
  CHECK_FALSE(unicode::starts_with_word(""));
  CHECK_FALSE(unicode::ends_with_word(""));
  CHECK(unicode::trim_start("\t\u2003 a ") == "a ");
  CHECK(unicode::trim_end(" a\u2003\n") == " a");
  CHECK(unicode::trim_start(" ").empty());
}
