#include <minibert/tokenizers/normalization_loss.hpp>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

constexpr BertNormalizerOptions kCased{.lowercase = false};
constexpr BertNormalizerOptions kUncased{};

}  // namespace

TEST_CASE("joiners are lost unless they are kept, vowel signs when accents are stripped") {
  const char* sri_lanka = "\u0DC1\u0DCA\u200D\u0DBB\u0DD3";
  CHECK(normalization_loss(sri_lanka, kCased).joiners);
  CHECK_FALSE(normalization_loss(sri_lanka, kCased).marks);
  CHECK(normalization_loss(sri_lanka, kUncased).marks);
  CHECK(normalization_loss("\u200C", kCased).joiners);
  CHECK_FALSE(normalization_loss("\u200B", kCased).joiners);
  CHECK_FALSE(normalization_loss(sri_lanka, BertNormalizerOptions{.keep_joiners = true}).joiners);
  CHECK_FALSE(normalization_loss("\u0DB6", kUncased).marks);
}

TEST_CASE("marks inside a character count, accents of Latin, Greek and Cyrillic letters do not") {
  CHECK(normalization_loss("\u304C", kUncased).marks);  // the kana ga becomes ka
  CHECK(normalization_loss("\u05D0\u05B8", kUncased).marks);
  CHECK_FALSE(normalization_loss("\u00E9\u03AC\u0439 e\u0301", kUncased).marks);
  CHECK_FALSE(normalization_loss("\u2764\uFE0F", kUncased).marks);  // an emoji's variation selector
  CHECK_FALSE(normalization_loss("\u304C", BertNormalizerOptions{.strip_accents = false}).marks);
}

TEST_CASE("a warning comes above one line in a hundred, and names the setting that keeps the characters") {
  NormalizationLossCount count;
  for (int i = 0; i < 99; ++i) count.add(NormalizationLoss{});
  count.add(NormalizationLoss{.joiners = true, .marks = false});
  CHECK(count.warnings().empty());  // exactly 1 %

  NormalizationLossCount other;
  other.add(NormalizationLoss{.joiners = true, .marks = true});
  count.add(other);
  REQUIRE(count.warnings().size() == 1);
  const NormalizationWarning joiners = count.warnings()[0];
  CHECK(joiners.lost.starts_with("zero-width joiners"));
  CHECK(joiners.lines == 2);
  CHECK(joiners.total_lines == 101);
  CHECK(joiners.percent() == 1.9);
  CHECK(joiners.option == "keep_joiners");
  CHECK(joiners.value);

  count.add(NormalizationLoss{.joiners = false, .marks = true});
  REQUIRE(count.warnings().size() == 2);
  const NormalizationWarning marks = count.warnings()[0];
  CHECK(marks.lost.starts_with("vowel signs"));
  CHECK(marks.lines == 2);
  CHECK(marks.option == "strip_accents");
  CHECK_FALSE(marks.value);
  CHECK(NormalizationLossCount{}.warnings().empty());
}
