// Definitions of tokenizers/wordpiece_trainer.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/word_counts.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>

namespace minibert {

namespace tokenizers::detail {

/// A list of distinct strings. The ids of the strings are 0, 1, 2, … in the order in which the strings were added.
class TokenList {
 public:
  /// Returns the id of a string. Adds the string if it is new.
  token_id add(std::string token) {
    const auto [entry, is_new] = ids_.try_emplace(std::move(token), static_cast<token_id>(tokens_.size()));
    if (is_new) tokens_.push_back(entry->first);
    return entry->second;
  }
  bool contains(const std::string& token) const { return ids_.count(token) != 0; }
  const std::string& operator[](token_id id) const noexcept { return core::at(tokens_, id); }
  index_t size() const noexcept { return core::length(tokens_); }
  std::vector<std::string> take() { return std::move(tokens_); }

 private:
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, token_id> ids_;
};

/// Holds the words as sequences of symbols (token ids), counts the pairs of neighbouring symbols and merges pairs. A
/// pair is frequent if its count reaches a threshold: a quarter of the highest count. When the queue is empty, the
/// threshold is set again from the highest remaining count. Only frequent pairs are queued, and only they keep a list
/// of the words that contain them: lists for all pairs would need more memory than the words.
class PairMerger {
 public:
  struct Pair {
    token_id left, right;
    std::int64_t count;
  };

  /// `words` provides the number of words and the count of each word. `words` must outlive the merger.
  explicit PairMerger(const WordCounts& words) : words_(words) {
    begins_.reserve(core::usize(words.size() + 1));
    symbols_.reserve(core::usize(words.num_bytes()));
  }

  /// Adds the symbols of the next word of `words`.
  void add_word(const std::vector<token_id>& symbols) {
    const std::int64_t count = words_.count(core::length(begins_) - 1);
    symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
    begins_.push_back(core::length(symbols_));
    for (index_t i = 1; i < core::length(symbols); ++i) change(core::at(symbols, i - 1), core::at(symbols, i), count);
  }

  /// Returns the most frequent pair, or nullopt if no pair is left. Of equally frequent pairs, returns the one with
  /// the smallest (left, right).
  std::optional<Pair> most_frequent() {
    queue_increased();
    do {
      while (!queue_.empty()) {
        const Candidate best = queue_.top();
        const std::int64_t count = pairs_[best.pair].count;
        if (count == best.count && count > 0)
          return Pair{static_cast<token_id>(best.key >> 32), static_cast<token_id>(best.key & 0xFFFFFFFFu), count};
        queue_.pop();
        if (count >= threshold_) queue_.push({count, best.key, best.pair});  // the count fell after the pair was queued
      }
    } while (queue_frequent());
    return std::nullopt;
  }

  /// Replaces each occurrence of the pair (left, right) with `merged`, beginning at the start of each word. Call it
  /// only with the pair that the last most_frequent() returned.
  void merge(token_id left, token_id right, token_id merged) {
    const std::uint32_t pair = find_or_add(key_of(left, right));
    if (!pairs_[pair].words) collect_words();  // too rare for a list before; its count has risen since
    const auto words = std::move(pairs_[pair].words);
    for (const std::uint32_t word : *words) merge_in_word(word, left, right, merged);
    pairs_[pair].count = 0;
  }

 private:
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};
  static constexpr token_id kWordEnd = -1;  // marks the end of a word that merges have shortened
  using WordNumbers = std::vector<std::uint32_t>;

  struct PairInfo {
    std::uint64_t key;
    std::int64_t count = 0;
    std::unique_ptr<WordNumbers> words;  // words that contain the pair or contained it earlier; null: no list
    bool is_increased = false;           // true if the pair is in increased_
  };
  /// An entry of queue_.
  struct Candidate {
    std::int64_t count;  // when the pair was queued
    std::uint64_t key;
    std::uint32_t pair;  // index in pairs_
    /// Returns true if `other` must be merged first.
    bool operator<(const Candidate& other) const noexcept {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  static std::uint64_t key_of(token_id left, token_id right) noexcept {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint64_t>(right);
  }

  /// Returns the symbols of a word.
  std::span<token_id> word(std::uint32_t number) noexcept {
    const index_t begin = core::at(begins_, number), end = core::at(begins_, number + index_t{1});
    const std::span<token_id> all = std::span(symbols_).subspan(core::usize(begin), core::usize(end - begin));
    return all.first(core::usize(std::find(all.begin(), all.end(), kWordEnd) - all.begin()));
  }

  /// Sets the threshold to a quarter of the highest count. Queues the pairs that reach the threshold, and builds their
  /// word lists. Returns false if no pair is left.
  bool queue_frequent() {
    std::int64_t highest = 0;
    for (const PairInfo& pair : pairs_) highest = std::max(highest, pair.count);
    threshold_ = std::max<std::int64_t>(highest / 4, 1);
    for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair)
      if (pairs_[pair].count >= threshold_) queue_.push({pairs_[pair].count, pairs_[pair].key, pair});
    collect_words();
    return highest > 0;
  }

  /// Builds the word lists of all pairs that reach the threshold. Drops the lists of all other pairs.
  void collect_words() {
    for (PairInfo& pair : pairs_) pair.words = pair.count >= threshold_ ? std::make_unique<WordNumbers>() : nullptr;
    for (std::uint32_t number = 0; number + 1 < begins_.size(); ++number) {
      const std::span<token_id> symbols = word(number);
      for (std::size_t i = 1; i < symbols.size(); ++i)
        add_to_list(pairs_[find_slot(key_of(symbols[i - 1], symbols[i]))], number);
    }
  }

  /// Adds a word to the word list of a pair. Does nothing if the pair has no list or the list already ends with this
  /// word.
  static void add_to_list(PairInfo& pair, std::uint32_t word) {
    if (pair.words && (pair.words->empty() || pair.words->back() != word)) pair.words->push_back(word);
  }

  void merge_in_word(std::uint32_t number, token_id left, token_id right, token_id merged) {
    const std::span<token_id> symbols = word(number);
    const std::int64_t count = words_.count(number);
    std::size_t written = 0;
    for (std::size_t read = 0; read < symbols.size(); ++read) {
      if (symbols[read] != left || read + 1 == symbols.size() || symbols[read + 1] != right) {
        symbols[written++] = symbols[read];
        continue;
      }
      if (written > 0) {
        change(symbols[written - 1], left, -count);
        add_to_list(change(symbols[written - 1], merged, count), number);
      }
      if (read + 2 < symbols.size()) {
        change(right, symbols[read + 2], -count);
        add_to_list(change(merged, symbols[read + 2], count), number);
      }
      symbols[written++] = merged;
      ++read;
    }
    if (written < symbols.size()) symbols[written] = kWordEnd;
  }

  /// Adds `difference` to the count of a pair. Returns the pair.
  PairInfo& change(token_id left, token_id right, std::int64_t difference) {
    const std::uint32_t number = find_or_add(key_of(left, right));
    PairInfo& pair = pairs_[number];
    pair.count += difference;
    if (difference > 0 && !pair.is_increased) {
      increased_.push_back(number);
      pair.is_increased = true;
    }
    return pair;
  }

  /// Queues each pair whose count has increased, if the count reaches the threshold. Otherwise drops the word list of
  /// the pair.
  void queue_increased() {
    for (const std::uint32_t number : increased_) {
      PairInfo& pair = pairs_[number];
      pair.is_increased = false;
      if (threshold_ > 0 && pair.count >= threshold_)
        queue_.push({pair.count, pair.key, number});
      else
        pair.words.reset();
    }
    increased_.clear();
  }

  /// Returns the index of the pair with this key in pairs_. Adds the pair if it is new. A new pair gets a word list,
  /// because the pair may become frequent.
  std::uint32_t find_or_add(std::uint64_t key) {
    if (2 * (pairs_.size() + 1) > slots_.size()) grow_table();
    std::uint32_t& slot = find_slot(key);
    if (slot == kEmpty) {
      slot = static_cast<std::uint32_t>(pairs_.size());
      pairs_.push_back({.key = key, .words = threshold_ > 0 ? std::make_unique<WordNumbers>() : nullptr});
    }
    return slot;
  }

  /// Returns the slot of the pair with this key, or the empty slot where the pair belongs.
  std::uint32_t& find_slot(std::uint64_t key) noexcept {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t i = (key * 0x9E3779B97F4A7C15u) >> 32 & mask;
    while (slots_[i] != kEmpty && pairs_[slots_[i]].key != key) i = (i + 1) & mask;
    return slots_[i];
  }

  void grow_table() {
    slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kEmpty);
    for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair) find_slot(pairs_[pair].key) = pair;
  }

  const WordCounts& words_;
  std::vector<token_id> symbols_;         // the symbols of all words
  std::vector<index_t> begins_ = {0};     // where the symbols of each word begin, then the size of symbols_
  std::deque<PairInfo> pairs_;            // a vector would move all pairs when it grows, and need spare memory
  std::vector<std::uint32_t> slots_;      // hash table of pair indices, with linear probing
  std::vector<std::uint32_t> increased_;  // indices of pairs whose count rose since the last queue_increased()
  std::priority_queue<Candidate> queue_;  // pairs that reach the threshold; their counts may have fallen since
  std::int64_t threshold_ = 0;            // smallest count of a queued pair; 0: nothing has been queued yet
};

/// Returns the characters that the vocabulary starts with, sorted by code point.
MINIBERT_INLINE std::u32string alphabet(const WordCounts& words, const WordPieceTrainer& options) {
  std::unordered_map<char32_t, std::int64_t> counts;
  for (index_t i = 0; i < words.size(); ++i)
    core::utf8::for_each_character(words.word(i), [&](char32_t c) { counts[c] += words.count(i); });
  for (const char32_t c : options.initial_alphabet) counts[c] = std::numeric_limits<std::int64_t>::max();

  std::u32string characters;
  for (const auto& [character, count] : counts) characters += character;
  if (options.limit_alphabet && *options.limit_alphabet < core::length(characters)) {
    std::sort(characters.begin(), characters.end(), [&](char32_t a, char32_t b) {
      const std::int64_t count_a = counts.at(a), count_b = counts.at(b);
      return count_a != count_b ? count_a > count_b : a < b;
    });
    characters.resize(core::usize(*options.limit_alphabet));
  }
  std::sort(characters.begin(), characters.end());
  return characters;
}

/// Splits each word into characters and passes the ids of the characters to the merger. Leaves out characters that are
/// not in `tokens`. A character that continues a word becomes the token prefix + character, which is added to `tokens`.
MINIBERT_INLINE void add_words(const WordCounts& words, const std::string& prefix, TokenList& tokens,
                               PairMerger& merger) {
  struct CharacterIds {
    token_id first = -1, continuing = -1;
  };
  std::unordered_map<char32_t, CharacterIds> ids;
  std::vector<token_id> symbols;
  for (index_t i = 0; i < words.size(); ++i) {
    symbols.clear();
    bool is_first = true;
    core::utf8::for_each_character(words.word(i), [&](char32_t c) {
      const auto [entry, is_new] = ids.try_emplace(c);
      const auto text = [&] {
        std::string s;
        core::utf8::append(s, c);
        return s;
      };
      if (is_new && tokens.contains(text())) entry->second.first = tokens.add(text());
      CharacterIds& character = entry->second;
      const bool is_kept = character.first >= 0;
      if (is_kept && !is_first && character.continuing < 0) character.continuing = tokens.add(prefix + text());
      if (is_kept) symbols.push_back(is_first ? character.first : character.continuing);
      is_first = false;
    });
    merger.add_word(symbols);
  }
}

}  // namespace tokenizers::detail

MINIBERT_INLINE std::vector<std::string> WordPieceTrainer::train(const WordCounts& words) const {
  core::check<ValueError>(vocab_size > 0, "wordpiece trainer: vocab_size is ", vocab_size, ", expected at least 1");
  core::check<ValueError>(min_frequency >= 0, "wordpiece trainer: min_frequency is ", min_frequency,
                          ", expected at least 0");
  core::check<ValueError>(limit_alphabet.value_or(0) >= 0, "wordpiece trainer: limit_alphabet is ",
                          limit_alphabet.value_or(0), ", expected at least 0");
  tokenizers::detail::TokenList tokens;
  for (const std::string& token : special_tokens) tokens.add(token);
  for (const char32_t c : tokenizers::detail::alphabet(words, *this)) {
    std::string text;
    core::utf8::append(text, c);
    tokens.add(text);
  }
  tokenizers::detail::PairMerger merger(words);
  tokenizers::detail::add_words(words, continuing_subword_prefix, tokens, merger);

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
