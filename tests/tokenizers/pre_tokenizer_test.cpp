#include <minibert/tokenizers/pre_tokenizer.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  Words result;
  BertPreTokenizer().for_each_word(text, [&](std::string_view word) { result.emplace_back(word); });
  return result;
}

}  // namespace

TEST_CASE("words end at white space, and each punctuation mark is one") {
  CHECK(words("").empty());
  CHECK(words("  \t ").empty());
  CHECK(words("ab") == Words{"ab"});
  CHECK(words(" a  b ") == Words{"a", "b"});
  CHECK(words("don't...") == Words{"don", "'", "t", ".", ".", "."});
  CHECK(words("$1+2=3") == Words{"$", "1", "+", "2", "=", "3"});
}

TEST_CASE("beyond ASCII punctuation counts, symbols do not") {
  CHECK(words("\u00ABa\u00BB\u2014b") == Words{"\u00AB", "a", "\u00BB", "\u2014", "b"});
  CHECK(words("5\u20AC\u2E52") == Words{"5\u20AC\u2E52"});
  CHECK(words("a\u3000b\u0085c\u2028d") == Words{"a", "b", "c", "d"});
}
