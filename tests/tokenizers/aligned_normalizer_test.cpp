#include <minibert/tokenizers/aligned_normalizer.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

using Origins = std::vector<index_t>;

}  // namespace

TEST_CASE("each byte knows its character of the original") {
  const AlignedText aligned = normalize_aligned("A\u200D\u00C9\t\u0DC3", {});
  CHECK(aligned.text == "ae \u0DC3");
  CHECK(aligned.origins == Origins{0, 2, 3, 4, 4, 4});
  CHECK(aligned.span(std::string_view(aligned.text).substr(0, 2)) == CharSpan{0, 3});  // the joiner is covered
}

TEST_CASE("the spaces around a Chinese character, and both halves of a lowered İ, stand for it") {
  CHECK(normalize_aligned("a\u4E00", {}, 10).origins == Origins{10, 11, 11, 11, 11, 11});
  const AlignedText dotted = normalize_aligned("a\u0130", {.strip_accents = false});
  CHECK(dotted.text == "ai\u0307");
  CHECK(dotted.origins == Origins{0, 1, 1, 1});
}

TEST_CASE("what is no UTF-8 counts as one character for each U+FFFD that Python makes of it") {
  const AlignedText aligned = normalize_aligned("\xFF\xE0\xA4x\xF0\x9F\x98\x80", {});
  CHECK(aligned.text == "x\U0001F600");
  CHECK(aligned.origins == Origins{2, 3, 3, 3, 3});
}

TEST_CASE("marks that are sorted take their origins by position, as in the reference") {
  // Canonical order puts U+1BF2 (combining class 9) before the accent of é (class 230). U+1BF2 is kept; the accent is
  // dropped.
  const AlignedText aligned = normalize_aligned("\u00E9\u1BF2x", {});
  CHECK(aligned.text == "e\u1BF2x");
  CHECK(aligned.origins == Origins{0, 1, 1, 1, 2});
}

TEST_CASE("the text is BertNormalizer's, for many characters in a context and all settings") {
  for (const bool lower : {true, false}) {
    for (const bool strip : {true, false}) {
      const BertNormalizerOptions options{.handle_chinese_chars = lower, .strip_accents = strip, .lowercase = lower};
      const BertNormalizer normalizer(options);
      int differences = 0;
      for (char32_t c = 0; c < 0x3400; ++c) {
        std::string text = "\u00C9";
        for (const char32_t part : {c, U'\u0323', U'\u1BF2', c, U'\u0301', c}) core::utf8::append(text, part);
        const AlignedText aligned = normalize_aligned(text, options);
        differences += aligned.text != normalizer.normalize(text) || aligned.text.size() != aligned.origins.size();
      }
      CHECK(differences == 0);
    }
  }
}
