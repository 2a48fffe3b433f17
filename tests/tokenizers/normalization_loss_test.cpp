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

TEST_CASE("the warning starts above one line in a hundred, and says what and how many") {
  NormalizationLossCount count;
  for (int i = 0; i < 99; ++i) count.add(NormalizationLoss{});
  count.add(NormalizationLoss{.joiners = true, .marks = false});
  CHECK_FALSE(count.warning());  // exactly 1 %

  NormalizationLossCount other;
  other.add(NormalizationLoss{.joiners = true, .marks = true});
  count.add(other);
  REQUIRE(count.warning());
  CHECK(count.warning()->starts_with("2 of 101 lines (1.9 %) hold zero-width joiners"));
  CHECK(count.warning()->find("--keep_joiners") != std::string::npos);

  count.add(NormalizationLoss{.joiners = false, .marks = true});
  CHECK(count.warning()->starts_with("2 of 102 lines (1.9 %) lose vowel signs"));
  CHECK(count.warning()->find("--strip_accents false") != std::string::npos);
  CHECK_FALSE(NormalizationLossCount{}.warning());
}
