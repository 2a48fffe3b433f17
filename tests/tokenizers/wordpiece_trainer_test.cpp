#include <minibert/tokenizers/wordpiece_trainer.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

using Tokens = std::vector<std::string>;

WordCounts counted(const std::vector<std::pair<const char*, std::int64_t>>& words) {
  WordCounts counts;
  for (const auto& [word, count] : words) counts.add(word, count);
  return counts;
}

Tokens train(const WordPieceTrainer& trainer, const std::vector<std::pair<const char*, std::int64_t>>& words) {
  return trainer.train(counted(words));
}

}  // namespace

TEST_CASE("special tokens, characters by code point, continuing characters by first appearance, then pairs") {
  // Counts: c ##b 5; b ##a 3, ##a ##c 3. Of equals the smaller pair of ids goes first: (6, 9) before (9, 10).
  CHECK(train({.vocab_size = 11, .special_tokens = {"[UNK]", "<x>"}}, {{"cb", 5}, {"bac", 3}, {"a", 1}}) ==
        Tokens{"[UNK]", "<x>", "a", "b", "c", "##b", "##a", "##c", "cb", "ba", "bac"});
}

TEST_CASE("pairs are replaced from left to right without overlap, and counts follow") {
  // a ##a ##a ##a: first ##a ##a, which leaves a ##aa ##a; then a ##aa before ##aa ##a.
  CHECK(train({.vocab_size = 4}, {{"aaaa", 1}}) == Tokens{"a", "##a", "##aa", "aaa"});
  CHECK(train({.vocab_size = 100}, {{"aaaaaa", 2}, {"aaaa", 1}}) ==
        Tokens{"a", "##a", "##aa", "aaa", "##aaa", "aaaaaa", "aaaa"});
}

TEST_CASE("rare pairs are left apart") {
  CHECK(train({.vocab_size = 100, .min_frequency = 3}, {{"ab", 2}, {"cd", 3}}) ==
        Tokens{"a", "b", "c", "d", "##b", "##d", "cd"});
  CHECK(train({.vocab_size = 100}, {{"ab", 1}}) == Tokens{"a", "b", "##b", "ab"});
}

TEST_CASE("characters alone may exceed vocab_size") {
  CHECK(train({.vocab_size = 1}, {{"ab", 1}}) == Tokens{"a", "b", "##b"});
}

TEST_CASE("a limited alphabet drops the rarest characters from their words, the higher code point first") {
  CHECK(train({.vocab_size = 100, .limit_alphabet = 3}, {{"adb", 1}, {"abc", 1}, {"b", 1}}) ==
        Tokens{"a", "b", "c", "##b", "##c", "ab", "abc"});
  // What followed a dropped first character still continues a word.
  CHECK(train({.vocab_size = 100, .limit_alphabet = 3}, {{"dab", 1}, {"ab", 5}, {"c", 1}}) ==
        Tokens{"a", "b", "c", "##a", "##b", "ab", "##ab"});
  CHECK(train({.limit_alphabet = 0}, {{"ab", 1}}).empty());
}

TEST_CASE("a prefix of one's own, or none") {
  CHECK(train({.continuing_subword_prefix = "@"}, {{"ab", 1}}) == Tokens{"a", "b", "@b", "ab"});
  CHECK(train({.continuing_subword_prefix = ""}, {{"aba", 1}}) == Tokens{"a", "b", "ab", "aba"});
}

TEST_CASE("initial characters are kept whether they occur or not") {
  CHECK(train({.vocab_size = 100, .limit_alphabet = 2, .initial_alphabet = U"z"}, {{"ab", 1}, {"a", 1}}) ==
        Tokens{"a", "z"});
}

TEST_CASE("a pair that gives a special token takes its id") {
  CHECK(train({.special_tokens = {"ab"}}, {{"abc", 2}, {"ab", 1}}) == Tokens{"ab", "a", "b", "c", "##b", "##c", "abc"});
}

TEST_CASE("no words give the special tokens; options that make no sense are errors") {
  CHECK(train({.special_tokens = {"<x>"}}, {}) == Tokens{"<x>"});
  CHECK_THROWS_AS(train({.vocab_size = 0}, {}), ValueError);
  CHECK_THROWS_AS(train({.min_frequency = -1}, {}), ValueError);
  CHECK_THROWS_AS(train({.limit_alphabet = -1}, {}), ValueError);
}

TEST_CASE("counts beyond 32 bits") {
  const std::int64_t many = std::int64_t{1} << 40;
  CHECK(train({.vocab_size = 7}, {{"ab", many}, {"cd", many + 1}}) == Tokens{"a", "b", "c", "d", "##b", "##d", "cd"});
}
