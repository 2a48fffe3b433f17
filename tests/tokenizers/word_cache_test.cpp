#include <minibert/tokenizers/word_cache.hpp>

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/tokenizers/bert_tokenizer.hpp>

using namespace minibert;
using tokenizers::detail::RawWord;
using tokenizers::detail::WordCache;

namespace {

RawWord word_of(const std::string& text, std::size_t begin = 0) {
  return RawWord::at(text.data() + begin, text.data() + text.size());
}

/// Returns the ids that the cache holds for a word of the tokenizer `owner`, or nullopt.
std::optional<std::vector<token_id>> found(const WordCache& cache, std::uint64_t owner, const RawWord& word) {
  std::vector<token_id> ids{1};
  bool is_found = false;
  {
    tokenizers::detail::IdAppender appender(ids, 1);
    is_found = cache.append(owner, word, appender);
  }
  CHECK(ids.front() == 1);
  ids.erase(ids.begin());
  return is_found ? std::optional(ids) : std::nullopt;
}

}  // namespace

TEST_CASE("raw word: ends at a space or with the text; the hash depends only on the bytes of the word") {
  for (std::size_t bytes = 0; bytes < 40; ++bytes) {
    std::string word;
    for (std::size_t i = 0; i < bytes; ++i)
      word += static_cast<char>(i % 3 == 0 ? 0xE0 + i % 16 : i % 5 == 1 ? 0 : 33 + i);
    INFO(bytes, " bytes");
    const RawWord alone = word_of(word);
    CHECK(alone.text == word);
    for (const std::string after : {" ", " x", " and a lot more", "  "}) {
      for (const std::string before : {"", " ", "seven b "}) {
        const std::string text = before + word + after;
        const RawWord found = word_of(text, before.size());
        CHECK(found.text == word);
        CHECK(found.hash == alone.hash);
      }
    }
    for (std::size_t i = 0; i < bytes; ++i) {
      std::string other = word;
      other[i] ^= 1;
      if (other[i] != ' ') CHECK(word_of(other).hash != alone.hash);
    }
  }
}

TEST_CASE("word cache: only the tokenizer that stored a word finds it again, with its ids") {
  WordCache cache;
  const std::uint64_t owner = WordCache::new_owner(), other = WordCache::new_owner();
  const std::string text = "word";
  const std::vector<token_id> kept{7, 1 << 20, 9};
  CHECK_FALSE(found(cache, owner, word_of(text)));
  cache.keep(owner, word_of(text), kept.data(), kept.size());
  CHECK(found(cache, owner, word_of(text)) == kept);
  CHECK_FALSE(found(cache, other, word_of(text)));
  const RawWord same_slot{"wore", word_of(text).hash};
  CHECK_FALSE(found(cache, owner, same_slot));
  cache.keep(owner, same_slot, kept.data(), 0);
  CHECK_FALSE(found(cache, owner, word_of(text)));
  CHECK(found(cache, owner, same_slot) == std::vector<token_id>());
}

TEST_CASE("word cache: a word that does not fit with its ids is not stored") {
  WordCache cache;
  const std::uint64_t owner = WordCache::new_owner();
  const std::vector<token_id> many(100, 5);
  for (const std::size_t bytes : {1u, 12u, 48u, 52u, 53u, 300u}) {
    const std::string text(bytes, 'a');
    for (std::size_t count = 0; count <= 20; ++count) {
      INFO(bytes, " bytes, ", count, " ids");
      const RawWord word = word_of(text);
      cache.keep(owner, word, many.data(), count);
      const auto ids = found(cache, owner, word);
      if (bytes + 4 * count <= 52)
        CHECK(ids == std::vector<token_id>(count, 5));
      else
        CHECK(ids != std::vector<token_id>(count, 5));
    }
  }
}

TEST_CASE("word cache: a text gets the same ids again, also when another tokenizer shares the cache") {
  const std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
                                            "Word",  "word",  "##s",   ".",     "a"};
  const BertTokenizer cased(vocabulary, {.do_lower_case = false}), uncased(vocabulary, {.do_lower_case = true}),
      copy = cased;
  const std::string text = " Words. a  [MASK]s a\tword. WORD wörd wörd";  // not all ASCII, so that the cache is used
  for (int round = 0; round < 3; ++round) {
    CHECK(cased.encode(text) == std::vector<token_id>{2, 5, 7, 8, 9, 4, 1, 9, 6, 8, 1, 1, 1, 3});
    CHECK(uncased.encode(text) == std::vector<token_id>{2, 6, 7, 8, 9, 4, 1, 9, 6, 8, 6, 6, 6, 3});
    CHECK(copy.encode(text) == cased.encode(text));
  }
}
