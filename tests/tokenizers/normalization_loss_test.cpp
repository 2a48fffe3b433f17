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

TEST_CASE("marks that make letters are told from accents") {
  const auto letters = [](const char* text) { return normalization_loss(text, kUncased).letters; };
  CHECK(letters("\u0439"));                                         // й
  CHECK(letters("\u0418\u0306"));                                   // Й in two characters
  CHECK(letters("\u0457"));                                         // ї
  CHECK(letters("\u045E \u0453"));                                  // ў ѓ
  CHECK_FALSE(letters("\u0451 \u0430\u0301 \u0438\u0300 \u043A"));  // ё, stress marks
  CHECK_FALSE(letters("\u03AC \u03CA"));                            // Greek
  CHECK_FALSE(normalization_loss("\u0439", kCased).letters);
  const NormalizationLoss yoruba = normalization_loss("\u1ECD\u0301 e\u0323\u0300 a 1 \u0E01", kUncased);
  CHECK(yoruba.latin_letters == 3);
  CHECK(yoruba.accented_letters == 2);
  CHECK(normalization_loss("\u1ECD", kCased).accented_letters == 0);
}

TEST_CASE("lower-casing is warned about where it changes letters, not where it drops accents") {
  const auto warned = [](const char* text, const BertNormalizerOptions& options = kUncased) {
    NormalizationLossCount count;
    count.add(normalization_loss(text, options));
    const auto warnings = count.warnings();
    return warnings.size() == 1 && warnings[0].lost.starts_with("marks that make other letters") &&
           warnings[0].option == "strip_accents" && !warnings[0].value;
  };
  CHECK(warned("Мій сусід поїхав у місто, а я лишився вдома."));
  CHECK(warned("Мой сосед уехал в город, а я остался дома."));
  CHECK(warned("Ọmọ náà ń jẹun ní ilé bàbá rẹ̀."));
  CHECK(warned("Můj soused odjel včera do města a já zůstal doma."));
  CHECK_FALSE(warned("Мій сусід поїхав у місто.", kCased));
  CHECK_FALSE(warned("Мій сусід поїхав.", BertNormalizerOptions{.strip_accents = false}));
  CHECK_FALSE(
      warned("Gestern ist mein Nachbar in die Stadt gefahren, und ich bin wegen der schönen Aussicht geblieben."));
  CHECK_FALSE(
      warned("Mon voisin est parti en ville hier et je suis resté chez moi avec mes deux enfants et le chien."));
  CHECK_FALSE(warned("My neighbour went to town, and I stayed at the caf\u00E9 around the corner."));
  CHECK_FALSE(warned("Ο γείτονάς μου πήγε στην πόλη."));
  CHECK_FALSE(warned(""));
}
