// Training a WordPiece vocabulary: characters first, then the most frequent neighbours joined, again and again.
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

namespace tokenizers::detail {

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
  const std::string& operator[](token_id id) const noexcept { return core::at(tokens_, id); }
  index_t size() const noexcept { return core::length(tokens_); }
  std::vector<std::string> take() { return std::move(tokens_); }

 private:
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, token_id> ids_;
};

/// The words as sequences of token ids, the counts of neighbouring pairs, and the joining of pairs. The most frequent
/// pairs are queued, with notes of which words hold them; when they are used up, those of at least a quarter of the
/// next one's count follow. Of millions of words most are rare: notes on all pairs would take more memory than they do.
class PairMerger {
 public:
  struct Pair {
    token_id left, right;
    std::int64_t count;
  };

  /// Words are numbered, and counted, as in `words`, which must outlive this.
  explicit PairMerger(const WordCounts& words) : words_(words) {
    begins_.reserve(core::usize(words.size() + 1));
    symbols_.reserve(core::usize(words.num_bytes()));
  }

  /// Adds the next word.
  void add_word(const std::vector<token_id>& symbols) {
    const std::int64_t count = words_.count(core::length(begins_) - 1);
    symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
    begins_.push_back(core::length(symbols_));
    for (index_t i = 1; i < core::length(symbols); ++i) change(core::at(symbols, i - 1), core::at(symbols, i), count);
  }

  /// The most frequent pair; of equals the one with the smaller (left, right). None when no pair is left.
  std::optional<Pair> most_frequent() {
    queue_risen();
    do {
      while (!queue_.empty()) {
        const Candidate best = queue_.top();
        const std::int64_t count = pairs_[best.pair].count;
        if (count == best.count && count > 0)
          return Pair{static_cast<token_id>(best.key >> 32), static_cast<token_id>(best.key & 0xFFFFFFFFu), count};
        queue_.pop();
        if (count >= least_) queue_.push({count, best.key, best.pair});  // it sank since it was queued
      }
    } while (choose_frequent());
    return std::nullopt;
  }

  /// Replaces each `left right`, which most_frequent() gave, by `joined`, from left to right in each word.
  void merge(token_id left, token_id right, token_id joined) {
    const std::uint32_t pair = find_or_add(key_of(left, right));
    if (!pairs_[pair].words) note_words();  // it had sunk, and risen again
    const auto words = std::move(pairs_[pair].words);
    for (const std::uint32_t word : *words) merge_in_word(word, left, right, joined);
    pairs_[pair].count = 0;
  }

 private:
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};
  static constexpr token_id kNone = -1;  // where a word has become shorter
  using Numbers = std::vector<std::uint32_t>;

  struct PairInfo {
    std::uint64_t key;
    std::int64_t count = 0;
    std::unique_ptr<Numbers> words;  // if noted, of all words that hold it; perhaps of others that once did
    bool risen = false;              // since it was last queued
  };
  struct Candidate {
    std::int64_t count;
    std::uint64_t key;
    std::uint32_t pair;
    /// Whether this one comes later than the other.
    bool operator<(const Candidate& other) const noexcept {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  static std::uint64_t key_of(token_id left, token_id right) noexcept {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint64_t>(right);
  }

  /// The symbols of a word.
  std::span<token_id> word(std::uint32_t number) noexcept {
    const index_t begin = core::at(begins_, number), end = core::at(begins_, number + index_t{1});
    const std::span<token_id> all = std::span(symbols_).subspan(core::usize(begin), core::usize(end - begin));
    return all.first(core::usize(std::find(all.begin(), all.end(), kNone) - all.begin()));
  }

  /// Queues the pairs of at least a quarter of the highest count, and notes their words. False when no pair is left.
  bool choose_frequent() {
    std::int64_t most = 0;
    for (const PairInfo& pair : pairs_) most = std::max(most, pair.count);
    least_ = std::max<std::int64_t>(most / 4, 1);
    for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair)
      if (pairs_[pair].count >= least_) queue_.push({pairs_[pair].count, pairs_[pair].key, pair});
    note_words();
    return most > 0;
  }

  void note_words() {
    for (PairInfo& pair : pairs_) pair.words = pair.count >= least_ ? std::make_unique<Numbers>() : nullptr;
    for (std::uint32_t number = 0; number + 1 < begins_.size(); ++number) {
      const std::span<token_id> symbols = word(number);
      for (std::size_t i = 1; i < symbols.size(); ++i)
        note(pairs_[find_slot(key_of(symbols[i - 1], symbols[i]))], number);
    }
  }

  static void note(PairInfo& pair, std::uint32_t word) {
    if (pair.words && (pair.words->empty() || pair.words->back() != word)) pair.words->push_back(word);
  }

  void merge_in_word(std::uint32_t number, token_id left, token_id right, token_id joined) {
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
        note(change(symbols[written - 1], joined, count), number);
      }
      if (read + 2 < symbols.size()) {
        change(right, symbols[read + 2], -count);
        note(change(joined, symbols[read + 2], count), number);
      }
      symbols[written++] = joined;
      ++read;
    }
    if (written < symbols.size()) symbols[written] = kNone;
  }

  /// Adds to a pair's count what one word has more (or less) of it.
  PairInfo& change(token_id left, token_id right, std::int64_t difference) {
    const std::uint32_t number = find_or_add(key_of(left, right));
    PairInfo& pair = pairs_[number];
    pair.count += difference;
    if (difference > 0 && !pair.risen) {
      risen_.push_back(number);
      pair.risen = true;
    }
    return pair;
  }

  /// Queues the pairs that have become more frequent, and forgets the words of those that are rare all the same.
  void queue_risen() {
    for (const std::uint32_t number : risen_) {
      PairInfo& pair = pairs_[number];
      pair.risen = false;
      if (least_ > 0 && pair.count >= least_)
        queue_.push({pair.count, pair.key, number});
      else
        pair.words.reset();
    }
    risen_.clear();
  }

  /// The number of the key's pair. The words of a new one are noted: who knows how frequent it will be.
  std::uint32_t find_or_add(std::uint64_t key) {
    if (2 * (pairs_.size() + 1) > slots_.size()) grow();
    std::uint32_t& slot = find_slot(key);
    if (slot == kEmpty) {
      slot = static_cast<std::uint32_t>(pairs_.size());
      pairs_.push_back({.key = key, .words = least_ > 0 ? std::make_unique<Numbers>() : nullptr});
    }
    return slot;
  }

  /// The slot that holds the key's pair, or the empty one where it belongs.
  std::uint32_t& find_slot(std::uint64_t key) noexcept {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t i = (key * 0x9E3779B97F4A7C15u) >> 32 & mask;
    while (slots_[i] != kEmpty && pairs_[slots_[i]].key != key) i = (i + 1) & mask;
    return slots_[i];
  }

  void grow() {
    slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kEmpty);
    for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair) find_slot(pairs_[pair].key) = pair;
  }

  const WordCounts& words_;
  std::vector<token_id> symbols_;         // of all words
  std::vector<index_t> begins_ = {0};     // where each word's symbols begin, and the end
  std::deque<PairInfo> pairs_;            // grows without moving, and takes no more memory than it holds
  std::vector<std::uint32_t> slots_;      // a hash table of pair numbers, with linear probing
  std::vector<std::uint32_t> risen_;      // pairs that have become more frequent since queue_ was seen to
  std::priority_queue<Candidate> queue_;  // of pairs with a count of least_; counts here may be too high, never too low
  std::int64_t least_ = 0;                // 0: before the first are chosen
};

/// The characters to begin with, by code point.
inline std::u32string alphabet(const WordCounts& words, const WordPieceTrainer& options) {
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

inline std::vector<std::string> WordPieceTrainer::train(const WordCounts& words) const {
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
