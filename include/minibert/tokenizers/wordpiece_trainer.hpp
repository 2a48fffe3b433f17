// Training a WordPiece vocabulary: characters first, then the most frequent neighbours joined, again and again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/unicode.hpp>
#include <minibert/tokenizers/word_counts.hpp>

namespace minibert {

/// Hugging Face's WordPieceTrainer, its options with their defaults, and its result: always one of those that it can
/// draw (its own order of the "##c" entries, and so of ties, changes from run to run; here words are walked in order of
/// first appearance, and of equally rare characters limit_alphabet drops the one with the higher code point).
struct WordPieceTrainer {
  index_t vocab_size = 30000;
  std::int64_t min_frequency = 0;                ///< pairs rarer than this are not joined
  std::optional<index_t> limit_alphabet = {};    ///< keep that many characters, the most frequent ones
  std::u32string initial_alphabet = {};          ///< characters to keep, whether they occur or not
  std::vector<std::string> special_tokens = {};  ///< the first entries
  std::string continuing_subword_prefix = "##";

  /// The vocabulary, by id: special tokens, characters by code point, characters that continue a word by first
  /// appearance, joined pairs by falling count. More than vocab_size entries when the characters alone are more.
  /// ValueError for options that make no sense.
  std::vector<std::string> train(const WordCounts& words) const;
};

namespace detail {

/// Strings with ids, counted from 0 in the order of adding.
class TokenList {
 public:
  /// The id of a string, which is added unless it is there.
  token_id add(std::string token) {
    const auto [entry, is_new] = ids_.try_emplace(std::move(token), static_cast<token_id>(tokens_.size()));
    if (is_new) tokens_.push_back(entry->first);
    return entry->second;
  }
  bool contains(const std::string& token) const { return ids_.count(token) != 0; }
  const std::string& operator[](token_id id) const noexcept { return at(tokens_, id); }
  index_t size() const noexcept { return length(tokens_); }
  std::vector<std::string> take() { return std::move(tokens_); }

 private:
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, token_id> ids_;
};

/// The words as sequences of token ids, the counts of neighbouring pairs, and the joining of pairs.
class PairMerger {
 public:
  struct Pair {
    token_id left, right;
    std::int64_t count;
  };

  /// Adds a word; words are numbered from 0.
  void add_word(const std::vector<token_id>& symbols, std::int64_t count) {
    const auto word = static_cast<std::uint32_t>(words_.size());
    words_.push_back({length(symbols_), length(symbols), count});
    symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
    for (index_t i = 1; i < length(symbols); ++i) change(at(symbols, i - 1), at(symbols, i), count, word);
  }

  /// The most frequent pair; of equals the one with the smaller (left, right). None when no pair is left.
  std::optional<Pair> most_frequent() {
    queue_risen();
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      const std::int64_t count = at(pairs_, best.pair).count;
      if (count == best.count && count > 0)
        return Pair{static_cast<token_id>(best.key >> 32), static_cast<token_id>(best.key & 0xFFFFFFFFu), count};
      queue_.pop();
      if (count > 0) queue_.push({count, best.key, best.pair});  // it sank since it was queued
    }
    return std::nullopt;
  }

  /// Replaces each `left right` by `joined`, from left to right in each word.
  void merge(token_id left, token_id right, token_id joined) {
    const index_t pair = find_or_add(key_of(left, right));
    const std::vector<std::uint32_t> words = std::move(at(pairs_, pair).words);
    for (const std::uint32_t word : words) merge_in_word(word, left, right, joined);
    at(pairs_, pair).count = 0;
    at(pairs_, pair).words = {};
  }

 private:
  static constexpr index_t kEmpty = -1;

  struct Word {
    index_t begin, length;  // its symbols
    std::int64_t count;
  };
  struct PairInfo {
    std::uint64_t key;
    std::int64_t count = 0;
    std::vector<std::uint32_t> words = {};  // all words that hold it; perhaps others that once did
    bool risen = false;                     // since it was last queued
  };
  struct Candidate {
    std::int64_t count;
    std::uint64_t key;
    index_t pair;
    /// Whether this one comes later than the other.
    bool operator<(const Candidate& other) const noexcept {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  static std::uint64_t key_of(token_id left, token_id right) noexcept {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint64_t>(right);
  }

  void merge_in_word(std::uint32_t number, token_id left, token_id right, token_id joined) {
    Word& word = words_[number];
    token_id* const symbols = symbols_.data() + word.begin;
    index_t written = 0;
    for (index_t read = 0; read < word.length; ++read) {
      if (symbols[read] != left || read + 1 == word.length || symbols[read + 1] != right) {
        symbols[written++] = symbols[read];
        continue;
      }
      if (written > 0) {
        change(symbols[written - 1], left, -word.count, number);
        change(symbols[written - 1], joined, word.count, number);
      }
      if (read + 2 < word.length) {
        change(right, symbols[read + 2], -word.count, number);
        change(joined, symbols[read + 2], word.count, number);
      }
      symbols[written++] = joined;
      ++read;
    }
    word.length = written;
  }

  /// Adds to a pair's count what one word has more (or less) of it.
  void change(token_id left, token_id right, std::int64_t difference, std::uint32_t word) {
    const index_t number = find_or_add(key_of(left, right));
    PairInfo& pair = at(pairs_, number);
    pair.count += difference;
    if (difference <= 0) return;
    if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
    if (!pair.risen) risen_.push_back(number);
    pair.risen = true;
  }

  void queue_risen() {
    for (const index_t number : risen_) {
      PairInfo& pair = at(pairs_, number);
      pair.risen = false;
      if (pair.count > 0) queue_.push({pair.count, pair.key, number});
    }
    risen_.clear();
  }

  index_t find_or_add(std::uint64_t key) {
    if (2 * (length(pairs_) + 1) > length(slots_)) grow();
    index_t& slot = find_slot(key);
    if (slot == kEmpty) {
      slot = length(pairs_);
      pairs_.push_back({key});
    }
    return slot;
  }

  /// The slot that holds the key's pair, or the empty one where it belongs.
  index_t& find_slot(std::uint64_t key) noexcept {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t i = (key * 0x9E3779B97F4A7C15u) >> 32 & mask;
    while (slots_[i] != kEmpty && at(pairs_, slots_[i]).key != key) i = (i + 1) & mask;
    return slots_[i];
  }

  void grow() {
    slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kEmpty);
    for (index_t pair = 0; pair < length(pairs_); ++pair) find_slot(at(pairs_, pair).key) = pair;
  }

  std::vector<token_id> symbols_;  // of all words; a word that shrinks leaves a gap behind it
  std::vector<Word> words_;
  std::vector<PairInfo> pairs_;
  std::vector<index_t> slots_;            // a hash table of pair numbers, with linear probing
  std::vector<index_t> risen_;            // pairs to be queued
  std::priority_queue<Candidate> queue_;  // counts here may be too high, never too low
};

/// The characters to begin with, by code point.
inline std::u32string alphabet(const WordCounts& words, const WordPieceTrainer& options) {
  std::unordered_map<char32_t, std::int64_t> counts;
  for (index_t i = 0; i < words.size(); ++i)
    unicode::for_each_character(words.word(i), [&](char32_t c) { counts[c] += words.count(i); });
  for (const char32_t c : options.initial_alphabet) counts[c] = std::numeric_limits<std::int64_t>::max();

  std::u32string characters;
  for (const auto& [character, count] : counts) characters += character;
  if (options.limit_alphabet && *options.limit_alphabet < length(characters)) {
    std::sort(characters.begin(), characters.end(), [&](char32_t a, char32_t b) {
      const std::int64_t count_a = counts.at(a), count_b = counts.at(b);
      return count_a != count_b ? count_a > count_b : a < b;
    });
    characters.resize(usize(*options.limit_alphabet));
  }
  std::sort(characters.begin(), characters.end());
  return characters;
}

/// Gives each word to the merger as its characters' ids, and adds the characters that continue a word to the list.
/// Characters that the list does not hold are left out of their words.
inline void add_words(const WordCounts& words, const std::string& prefix, TokenList& tokens, PairMerger& merger) {
  struct CharacterIds {
    token_id first = -1, continuing = -1;
  };
  std::unordered_map<char32_t, CharacterIds> ids;
  std::vector<token_id> symbols;
  for (index_t i = 0; i < words.size(); ++i) {
    symbols.clear();
    bool is_first = true;
    unicode::for_each_character(words.word(i), [&](char32_t c) {
      const auto [entry, is_new] = ids.try_emplace(c);
      const auto text = [&] {
        std::string s;
        unicode::append(s, c);
        return s;
      };
      if (is_new && tokens.contains(text())) entry->second.first = tokens.add(text());
      CharacterIds& character = entry->second;
      const bool is_kept = character.first >= 0;
      if (is_kept && !is_first && character.continuing < 0) character.continuing = tokens.add(prefix + text());
      if (is_kept) symbols.push_back(is_first ? character.first : character.continuing);
      is_first = false;
    });
    merger.add_word(symbols, words.count(i));
  }
}

}  // namespace detail

inline std::vector<std::string> WordPieceTrainer::train(const WordCounts& words) const {
  check<ValueError>(vocab_size > 0, "wordpiece trainer: vocab_size is ", vocab_size, ", expected at least 1");
  check<ValueError>(min_frequency >= 0, "wordpiece trainer: min_frequency is ", min_frequency, ", expected at least 0");
  check<ValueError>(limit_alphabet.value_or(0) >= 0, "wordpiece trainer: limit_alphabet is ",
                    limit_alphabet.value_or(0), ", expected at least 0");
  detail::TokenList tokens;
  for (const std::string& token : special_tokens) tokens.add(token);
  for (const char32_t c : detail::alphabet(words, *this)) {
    std::string text;
    unicode::append(text, c);
    tokens.add(text);
  }
  detail::PairMerger merger;
  detail::add_words(words, continuing_subword_prefix, tokens, merger);

  while (tokens.size() < vocab_size) {
    const auto pair = merger.most_frequent();
    if (!pair || pair->count < min_frequency) break;
    std::string_view right = tokens[pair->right];
    if (right.starts_with(continuing_subword_prefix)) right.remove_prefix(continuing_subword_prefix.size());
    merger.merge(pair->left, pair->right, tokens.add(tokens[pair->left] + std::string(right)));
  }
  return tokens.take();
}

}  // namespace minibert
