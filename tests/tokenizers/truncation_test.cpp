#include <minibert/tokenizers/truncation.hpp>

#include <optional>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;
using tokenizers::detail::PairLengths, tokenizers::detail::truncated_lengths, tokenizers::detail::Window,
    tokenizers::detail::windows;
using enum TruncationStrategy;

namespace {

using Windows = std::vector<Window>;

/// Returns how many tokens are kept of a pair, or of one text (second < 0).
std::vector<index_t> kept(index_t first, index_t second, index_t room, TruncationStrategy strategy) {
  PairLengths lengths{first};
  if (second >= 0) lengths.second = second;
  const PairLengths result = truncated_lengths(lengths, room, strategy);
  CHECK(result.second.has_value() == (second >= 0));
  return {result.first, result.second.value_or(-1)};
}

}  // namespace

TEST_CASE("longest_first: the shorter text keeps at most half of the room") {
  using Kept = std::vector<index_t>;
  CHECK(kept(9, -1, 4, longest_first) == Kept{4, -1});
  CHECK(kept(2, 9, 7, longest_first) == Kept{2, 5});
  CHECK(kept(9, 2, 7, longest_first) == Kept{5, 2});
  CHECK(kept(9, 9, 7, longest_first) == Kept{3, 4});
  CHECK(kept(9, 8, 7, longest_first) == Kept{4, 3});
  CHECK(kept(5, 5, 1, longest_first) == Kept{0, 1});
  CHECK(kept(3, 4, 7, longest_first) == Kept{3, 4});
  CHECK(kept(0, 9, 7, longest_first) == Kept{0, 7});
  CHECK(kept(3, 4, 0, longest_first) == Kept{0, 0});
  CHECK(kept(3, 4, 2, do_not_truncate) == Kept{3, 4});
}

TEST_CASE("only_first and only_second keep the other text whole, or throw if that is impossible") {
  using Kept = std::vector<index_t>;
  CHECK(kept(9, 2, 7, only_first) == Kept{5, 2});
  CHECK(kept(2, 9, 7, only_second) == Kept{2, 5});
  CHECK(kept(2, 9, 11, only_first) == Kept{2, 9});
  CHECK(kept(2, -1, 2, only_second) == Kept{2, -1});
  CHECK(kept(2, 9, 0, only_first) == Kept{0, 0});
  CHECK_THROWS_WITH_AS(
      kept(2, 9, 7, only_first),
      doctest::Contains("truncation: only_first would cut 4 tokens from a text of 2, but at least 1 must remain"),
      ValueError);
  CHECK_THROWS_AS(kept(4, 9, 9, only_first), ValueError);  // the first text would lose all its tokens
  CHECK_THROWS_WITH_AS(kept(9, -1, 7, only_second),
                       "truncation: the strategy is only_second, but there is no second text; give one, or use "
                       "only_first or longest_first",
                       ValueError);
}

TEST_CASE("windows cover the text, starting at either side") {
  CHECK(windows(7, 3, 0, Side::right) == Windows{{0, 3}, {3, 6}, {6, 7}});
  CHECK(windows(7, 3, 1, Side::right) == Windows{{0, 3}, {2, 5}, {4, 7}});
  CHECK(windows(7, 3, 0, Side::left) == Windows{{4, 7}, {1, 4}, {0, 1}});
  CHECK(windows(3, 3, 2, Side::right) == Windows{{0, 3}});
  CHECK(windows(0, 0, 0, Side::right) == Windows{{0, 0}});
  CHECK(windows(5, 0, 0, Side::left) == Windows{{0, 0}, {0, 5}});
  CHECK_THROWS_WITH_AS(windows(5, 2, 2, Side::right),
                       "truncation: stride is 2, expected less than 2, the number of tokens kept of the text",
                       ValueError);
}
