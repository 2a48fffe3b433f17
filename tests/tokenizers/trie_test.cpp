#include <minibert/tokenizers/trie.hpp>

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/random.hpp>

using namespace minibert;

TEST_CASE("longest_match returns the longest string, and never the empty one") {
  const Trie trie({{"a", 1}, {"abc", 2}, {"", 3}, {"b", 4}});
  CHECK(trie.longest_match(Trie::kRoot, "abcd").value == 2);
  CHECK(trie.longest_match(Trie::kRoot, "abd").value == 1);
  CHECK(trie.longest_match(Trie::kRoot, "abd").bytes == 1);
  CHECK(trie.longest_match(Trie::kRoot, "").bytes == 0);
  CHECK(trie.longest_match(Trie::kRoot, "x").value == Trie::kNoValue);
  CHECK(trie.find("") == 3);
  CHECK(trie.find("ab") == Trie::kNoValue);
  CHECK(trie.longest_match(trie.descend(Trie::kRoot, "a"), "bc").value == 2);
  CHECK(trie.descend(Trie::kRoot, "ac") == Trie::kNoNode);
}

TEST_CASE("of equal strings the last value is used") { CHECK(Trie({{"a", 1}, {"b", 2}, {"a", 3}}).find("a") == 3); }

TEST_CASE("an empty trie matches nothing") {
  const Trie trie;
  for (int byte = 0; byte < 256; ++byte)
    CHECK(trie.longest_match(Trie::kRoot, std::string(1, static_cast<char>(byte))).bytes == 0);
}

TEST_CASE("random strings of all bytes: find() gives the same as a map") {
  const random::Key key(7);
  std::map<std::string, Trie::Value> expected;
  std::vector<std::string> strings;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    std::string text;
    const index_t bytes = key.below(6, i, 0), alphabet = i % 2 == 0 ? 3 : 256;
    for (index_t k = 0; k < bytes; ++k)
      text += static_cast<char>(key.below(alphabet, i, static_cast<std::uint32_t>(k + 1)));
    strings.push_back(text);
  }
  std::vector<Trie::Entry> entries;
  for (index_t i = 0; i < core::length(strings); i += 2) {
    entries.emplace_back(core::at(strings, i), static_cast<Trie::Value>(i));
    expected[core::at(strings, i)] = static_cast<Trie::Value>(i);
  }
  const Trie trie(entries);
  for (const std::string& text : strings) {
    const auto entry = expected.find(text);
    REQUIRE(trie.find(text) == (entry == expected.end() ? Trie::kNoValue : entry->second));
  }
}
