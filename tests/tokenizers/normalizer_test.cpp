#include <minibert/tokenizers/normalizer.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

std::string cased(std::string_view text) { return BertNormalizer({.lowercase = false}).normalize(text); }
std::string uncased(std::string_view text) { return BertNormalizer().normalize(text); }
std::string lowered_only(std::string_view text) { return BertNormalizer({.strip_accents = false}).normalize(text); }

}  // namespace

TEST_CASE("cleaning drops controls and turns white space into spaces") {
  CHECK(cased("a\vb\x1C\x7F") == "ab");
  CHECK(cased("a\tb\nc\rd\u00A0e\u3000f") == "a b c d e f");
  CHECK(cased("a\u200Db\u200Cc\uFEFF\u00AD\uFFFD") == "abc");
  CHECK(cased(std::string_view("a\0b", 3)) == "ab");
  CHECK(cased("a\xFF\xE0\xA4 b") == "a b");
  CHECK(BertNormalizer({.clean_text = false, .lowercase = false}).normalize("a\t\u200Db\xFF") == "a\t\u200Db\uFFFD");
}

TEST_CASE("each Chinese character gets its spaces, before it is decomposed") {
  CHECK(cased("a\u4E00\u4E8Cb") == "a \u4E00  \u4E8C b");
  CHECK(cased("\uF900") == " \uF900 ");
  CHECK(uncased("\uF900") == " \u8C48 ");
  CHECK(cased("\U0002B820") == "\U0002B820");
  CHECK(BertNormalizer({.handle_chinese_chars = false}).normalize("a\u4E00b") == "a\u4E00b");
}

TEST_CASE("accents follow lower case unless set apart") {
  CHECK(uncased("ÀÉ") == "ae");
  CHECK(cased("ÀÉ") == "ÀÉ");
  CHECK(lowered_only("ÀÉ") == "àé");
  CHECK(BertNormalizer({.strip_accents = true, .lowercase = false}).normalize("ÀÉ") == "AE");
  CHECK(uncased("\u0DC3\u0DD2") == "\u0DC3");        // a Sinhala vowel sign
  CHECK(uncased("\uAC01") == "\u1100\u1161\u11A8");  // Hangul stays decomposed
  CHECK(uncased("\u0340") == "");                    // decomposes to a mark
}

TEST_CASE("U+0130 lowers to two characters, or to i when accents are stripped first") {
  CHECK(lowered_only("\u0130") == "i\u0307");
  CHECK(uncased("\u0130") == "i");
}

TEST_CASE("there is no final sigma and no recomposition") { CHECK(lowered_only("ΌΣ") == "όσ"); }

TEST_CASE("marks that survive are sorted by class, up to the next starter") {
  CHECK(uncased("a\u1DFB\u302E") == "a\u302E\u1DFB");              // 230, 224
  CHECK(uncased("a\u1DFB\u0301\u302E") == "a\u302E\u1DFB");        // a dropped mark with a class sorts along
  CHECK(uncased("a\u1DFB\u0903\u302E") == "a\u1DFB\u0903\u302E");  // a starter between them
  CHECK(uncased("a\u1DFB\u0941\u302E") == "a\u1DFB\u302E");        // a starter that is dropped stops the sort too
  CHECK(uncased("a\u1DFB\u200D\u302E") == "a\u302E\u1DFB");        // a removed character was never there
  CHECK(uncased("\u1DFB\x01\u302Ea") == "\u302E\u1DFBa");          // an ASCII one neither
  CHECK(uncased("a\u1DFB \u302E") == "a\u1DFB \u302E");
  CHECK(cased("a\u1DFB\u302E") == "a\u1DFB\u302E");
}

TEST_CASE("append adds to what is there") {
  std::string out = "x";
  BertNormalizer().append("Y", out);
  CHECK(out == "xy");
}
