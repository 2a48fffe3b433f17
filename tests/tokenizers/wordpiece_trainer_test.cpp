#include <minibert/tokenizers/wordpiece_trainer.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/random.hpp>

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

/// Trains like WordPieceTrainer, but recounts all pairs before each merge.
Tokens train_slowly(const WordCounts& words, std::size_t vocab_size) {
  Tokens tokens;
  const auto id_of = [&](const std::string& token) {
    const auto found = std::find(tokens.begin(), tokens.end(), token);
    if (found == tokens.end()) return tokens.push_back(token), static_cast<int>(tokens.size()) - 1;
    return static_cast<int>(found - tokens.begin());
  };
  std::set<char> characters;
  for (index_t w = 0; w < words.size(); ++w) characters.insert(words.word(w).begin(), words.word(w).end());
  for (const char c : characters) id_of({c});
  std::vector<std::vector<int>> symbols(core::usize(words.size()));
  for (index_t w = 0; w < words.size(); ++w)
    for (const char c : words.word(w))
      core::at(symbols, w).push_back(id_of((core::at(symbols, w).empty() ? "" : "##") + std::string(1, c)));
  while (tokens.size() < vocab_size) {
    std::map<std::pair<int, int>, std::int64_t> counts;
    for (index_t w = 0; w < words.size(); ++w)
      for (std::size_t i = 1; i < core::at(symbols, w).size(); ++i)
        counts[{core::at(symbols, w)[i - 1], core::at(symbols, w)[i]}] += words.count(w);
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end()) break;
    const auto [left, right] = best->first;
    const std::string& tail = tokens[static_cast<std::size_t>(right)];
    const int joined = id_of(tokens[static_cast<std::size_t>(left)] + (tail.starts_with("##") ? tail.substr(2) : tail));
    for (std::vector<int>& word : symbols)
      for (std::size_t i = 1; i < word.size(); ++i)
        if (word[i - 1] == left && word[i] == right) {
          word[i - 1] = joined;
          word.erase(word.begin() + static_cast<std::ptrdiff_t>(i));
        }
  }
  return tokens;
}

}  // namespace

TEST_CASE("special tokens, characters by code point, continuing characters by first appearance, then pairs") {
  // Counts: (c, ##b) 5, (b, ##a) 3, (##a, ##c) 3. Of equally frequent pairs the one with the smaller ids is merged
  // first: (b, ##a), with ids (3, 6), before (##a, ##c), with ids (6, 7).
  CHECK(train({.vocab_size = 11, .special_tokens = {"[UNK]", "<x>"}}, {{"cb", 5}, {"bac", 3}, {"a", 1}}) ==
        Tokens{"[UNK]", "<x>", "a", "b", "c", "##b", "##a", "##c", "cb", "ba", "bac"});
}

TEST_CASE("a pair is replaced from left to right without overlap, and the counts are updated") {
  // Word: a ##a ##a ##a. Merging (##a, ##a) gives a ##aa ##a; then (a, ##aa) comes before (##aa, ##a).
  CHECK(train({.vocab_size = 4}, {{"aaaa", 1}}) == Tokens{"a", "##a", "##aa", "aaa"});
  CHECK(train({.vocab_size = 100}, {{"aaaaaa", 2}, {"aaaa", 1}}) ==
        Tokens{"a", "##a", "##aa", "aaa", "##aaa", "aaaaaa", "aaaa"});
}

TEST_CASE("frequent and rare words, down to the last pair: same vocabulary as with a recount before each merge") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const random::Key key(seed);
    WordCounts words;
    for (std::uint32_t w = 0; w < 200; ++w) {
      std::string word(core::usize(1 + key.below(8, w)), ' ');
      for (std::uint32_t i = 0; i < word.size(); ++i) word[i] = static_cast<char>('a' + key.below(4, w, i + 2));
      words.add(word, 1 + (std::int64_t{1} << key.below(18, w, 1)));
    }
    for (const index_t size : {30, 200, 2000})
      CHECK(WordPieceTrainer{.vocab_size = size}.train(words) == train_slowly(words, core::usize(size)));
  }
}

TEST_CASE("pairs rarer than min_frequency are not merged") {
  CHECK(train({.vocab_size = 100, .min_frequency = 3}, {{"ab", 2}, {"cd", 3}}) ==
        Tokens{"a", "b", "c", "d", "##b", "##d", "cd"});
  CHECK(train({.vocab_size = 100}, {{"ab", 1}}) == Tokens{"a", "b", "##b", "ab"});
}

TEST_CASE("characters alone may exceed vocab_size") {
  CHECK(train({.vocab_size = 1}, {{"ab", 1}}) == Tokens{"a", "b", "##b"});
}

TEST_CASE("limit_alphabet drops the rarest characters from the words; of equally rare ones, the higher code points") {
  CHECK(train({.vocab_size = 100, .limit_alphabet = 3}, {{"adb", 1}, {"abc", 1}, {"b", 1}}) ==
        Tokens{"a", "b", "c", "##b", "##c", "ab", "abc"});
  // If the first character of a word is dropped, the next one still has ## before it, as a character within a word.
  CHECK(train({.vocab_size = 100, .limit_alphabet = 3}, {{"dab", 1}, {"ab", 5}, {"c", 1}}) ==
        Tokens{"a", "b", "c", "##a", "##b", "ab", "##ab"});
  CHECK(train({.limit_alphabet = 0}, {{"ab", 1}}).empty());
}

TEST_CASE("a custom continuation prefix, and an empty one") {
  CHECK(train({.continuing_subword_prefix = "@"}, {{"ab", 1}}) == Tokens{"a", "b", "@b", "ab"});
  CHECK(train({.continuing_subword_prefix = ""}, {{"aba", 1}}) == Tokens{"a", "b", "ab", "aba"});
}

TEST_CASE("initial_alphabet is kept even if its characters do not occur") {
  CHECK(train({.vocab_size = 100, .limit_alphabet = 2, .initial_alphabet = U"z"}, {{"ab", 1}, {"a", 1}}) ==
        Tokens{"a", "z"});
}

TEST_CASE("a merge that yields a special token reuses its id") {
  CHECK(train({.special_tokens = {"ab"}}, {{"abc", 2}, {"ab", 1}}) == Tokens{"ab", "a", "b", "c", "##b", "##c", "abc"});
}

TEST_CASE("without words the vocabulary is the special tokens; invalid options are errors") {
  CHECK(train({.special_tokens = {"<x>"}}, {}) == Tokens{"<x>"});
  CHECK_THROWS_AS(train({.vocab_size = 0}, {}), ValueError);
  CHECK_THROWS_AS(train({.min_frequency = -1}, {}), ValueError);
  CHECK_THROWS_AS(train({.limit_alphabet = -1}, {}), ValueError);
}

TEST_CASE("counts beyond 32 bits") {
  const std::int64_t many = std::int64_t{1} << 40;
  CHECK(train({.vocab_size = 7}, {{"ab", many}, {"cd", many + 1}}) == Tokens{"a", "b", "c", "d", "##b", "##d", "cd"});
}
