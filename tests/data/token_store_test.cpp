#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/data/token_store.hpp>
#include <minibert/data/token_store_writer.hpp>
#include <minibert/io/file.hpp>

#include "support/test_data.hpp"

namespace {

using namespace minibert;
using Ids = std::vector<token_id>;

/// Returns the ids of example i: consecutive ids that begin with (i · 31) % vocab_size. There are i % 7 of them, so
/// every seventh example is empty.
Ids example(index_t i, index_t vocab_size) {
  Ids ids;
  for (index_t k = 0; k < i % 7; ++k) ids.push_back(static_cast<token_id>((i * 31 + k) % vocab_size));
  return ids;
}

std::string store_of(index_t num_examples, index_t vocab_size, index_t max_length = 6) {
  std::string bytes;
  TokenStoreWriter writer([&](std::string_view part) { bytes += part; }, vocab_size, max_length);
  for (index_t i = 0; i < num_examples; ++i) writer.add(example(i, vocab_size));
  writer.finish(
      11, 22,
      {.lines_of_texts = {3, 0, 4}, .num_blank = 5, .num_truncated = 6, .num_text_tokens = 8, .num_unknown = 7});
  return bytes;
}

void check_contents(const TokenStore& store, index_t num_examples, index_t vocab_size) {
  REQUIRE(store.size() == num_examples);
  index_t num_tokens = 0;
  for (index_t i = 0; i < num_examples; ++i) {
    const Ids expected = example(i, vocab_size);
    Ids ids = {77};
    store.append_ids(i, ids);
    REQUIRE(ids.front() == 77);
    REQUIRE(Ids(ids.begin() + 1, ids.end()) == expected);
    REQUIRE(store.num_tokens(i) == core::length(expected));
    num_tokens += core::length(expected);
  }
  CHECK(store.num_tokens() == num_tokens);
  CHECK(store.lines_of_texts() == std::vector<index_t>{3, 0, 4});
  CHECK(store.num_blank() == 5);
  CHECK(store.num_truncated() == 6);
  CHECK(store.num_text_tokens() == 8);
  CHECK(store.num_unknown() == 7);
  CHECK(store.text_fingerprint() == 22);
}

TEST_CASE("a store reads back what was written, for any number of examples and width of ids and lengths") {
  for (const index_t vocab_size : {100, 65536, 65537})
    for (const index_t max_length : {6, 70000})
      for (const index_t num_examples : {0, 1, 63, 64, 65, 1000})
        check_contents(TokenStore(store_of(num_examples, vocab_size, max_length)), num_examples, vocab_size);
}

TEST_CASE("a store of several segments reads back, in memory and memory-mapped") {
  const index_t n = 2 * 65536 + 100;
  const std::string bytes = store_of(n, 100);
  check_contents(TokenStore(bytes), n, 100);
  const testing::TemporaryDirectory folder;
  io::write_file(folder / "store", bytes);
  check_contents(TokenStore(folder / "store", 11), n, 100);
}

TEST_CASE("ids and lengths take two bytes each where they fit") {
  const auto size_of = [](index_t vocab_size, index_t max_length) {
    return core::length(store_of(7000, vocab_size, max_length));
  };
  const index_t small = size_of(65536, 65535);
  CHECK(small < 2 * 21000 + 2 * 7000 + 8 * 7000 / 64 + 300);
  CHECK(size_of(65537, 65535) == small + 2 * 21000);
  CHECK(size_of(65536, 65536) == small + 2 * 7000);
}

TEST_CASE("ids outside the vocabulary are refused") {
  TokenStoreWriter writer([](std::string_view) {}, 100, 6);
  CHECK_THROWS_WITH_AS(writer.add(Ids{5, 100}),
                       "the tokenizer returned the id 100, expected 0 or more and less than its vocab_size, 100",
                       ValueError);
  CHECK_THROWS_AS(writer.add(Ids{-1}), ValueError);
}

TEST_CASE("a damaged store is refused: a flipped bit, another length, another key") {
  const testing::TemporaryDirectory folder;
  const std::string bytes = store_of(200, 100), path = (folder / "store").string();
  const auto message = [&](const std::string& contents) {
    io::write_file(path, contents);
    try {
      const TokenStore store(folder / "store", 11);
      return std::string();
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
  };
  CHECK(message(bytes).empty());
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    CHECK_MESSAGE(message(damaged).starts_with(path + ": "), i);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) REQUIRE(message(bytes.substr(0, size)).starts_with(path));
  CHECK(message(bytes + std::string(8, '\0'))
            .ends_with("does not end with the footer of a token store: truncated, or another kind of file"));
  CHECK(message(bytes.substr(8)).find(", expected to end at the footer, byte ") != std::string::npos);
  CHECK_THROWS_WITH_AS(TokenStore(folder / "store", 12),
                       doctest::Contains("was made from another text, tokenizer or settings"), FormatError);
}

TEST_CASE("mapped pages are released while a store is read") {
  const testing::TemporaryDirectory folder;
  {
    AtomicFile file(folder / "store");
    TokenStoreWriter writer([&](std::string_view part) { file.write(part); }, 100, 512);
    const Ids ids(512, 7);
    for (index_t i = 0; i < 200000; ++i) writer.add(ids);
    writer.finish(11, 22, {});
    file.commit();
  }
  const auto resident = [] {
    index_t size = 0, pages = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    REQUIRE(file != nullptr);
    REQUIRE(std::fscanf(file, "%ld %ld", &size, &pages) == 2);
    std::fclose(file);
    return pages * 4096;
  };
  const index_t before = resident();
  const TokenStore store(folder / "store", 11);
  CHECK(resident() - before < 32 << 20);      // bytes, for a file of 200 MB
  for (const index_t step : {1, 20, 7919}) {  // every example, every twentieth, scattered
    index_t most = 0;
    Ids ids;
    for (index_t i = 0; i < 200000; ++i) {
      ids.clear();
      store.append_ids(i * step % 200000, ids);
      if (i % 100 == 0) most = std::max(most, resident() - before);
    }
    CHECK(most < 96 << 20);
    CHECK(most > 4 << 20);  // otherwise nothing was measured
  }
}

}  // namespace
