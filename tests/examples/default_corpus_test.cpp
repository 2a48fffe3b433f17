#include "default_corpus.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <doctest/doctest.h>

#include "support/skip.hpp"

TEST_CASE("the default corpus is every verse of the Bible, and nothing but the verses") {
  const std::string_view corpus = default_corpus();
  if (corpus.empty()) {
    const char* ci = std::getenv("CI");
    REQUIRE_MESSAGE((ci == nullptr || std::string_view(ci) != "true"), "the default corpus is empty under CI=true");
    return minibert::testing::say_skipped("the Debian packages bible-kjv and bible-kjv-text are not installed");
  }
  CHECK(std::count(corpus.begin(), corpus.end(), '\n') == 31102);
  CHECK(corpus.starts_with("In the beginning God created the heaven and the earth.\nAnd the earth was without form"));
  CHECK(corpus.ends_with("\nThe grace of our Lord Jesus Christ be with you all. Amen.\n"));
  CHECK(corpus.find("\n\n") == std::string_view::npos);
  CHECK(corpus.find_first_of("0123456789") == std::string_view::npos);  // no reference is left
  CHECK(corpus.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,:;?!'()-\n") ==
        std::string_view::npos);
}
