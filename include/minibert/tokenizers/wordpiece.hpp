// WordPiece: splits a word into pieces. Each piece is the longest vocabulary entry that matches the rest of the word.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/id_appender.hpp>
#include <minibert/tokenizers/trie.hpp>

namespace minibert {

/// A vocabulary, and the greedy longest-match search for the pieces of a word. Pieces that continue a word start with a
/// prefix ("##").
class WordPiece {
 public:
  static constexpr token_id kNoToken = Trie::kNoValue;
  static constexpr index_t kMaxCharactersPerWord = 100;  ///< a longer word becomes unk_token
  static constexpr index_t kMaxVocabSize = 1 << 24;      ///< files with more entries or larger ids are rejected

  /// The id of an entry is its index. If a token occurs several times, its id is the index of the last occurrence; the
  /// ids of the other occurrences are unused.
  /// @throws ValueError if unk_token is not in the vocabulary or an entry is not UTF-8
  explicit WordPiece(std::vector<std::string> vocabulary, std::string_view unk_token = "[UNK]",
                     std::string_view continuing_subword_prefix = "##")
      : tokens_(std::move(vocabulary)),
        trie_(entries(tokens_)),
        prefix_bytes_(core::length(continuing_subword_prefix)) {
    unk_token_id_ = find(unk_token);
    core::check<ValueError>(unk_token_id_ != kNoToken, "wordpiece: the vocabulary of ", vocab_size(),
                            " entries lacks the token for unknown words, \"", unk_token,
                            "\"; add it, or set unk_token to another entry");
    continuation_ = trie_.descend(Trie::kRoot, continuing_subword_prefix);
  }

  /// Returns the number of ids, unused ids included.
  index_t vocab_size() const noexcept { return core::length(tokens_); }

  /// Returns the id of a token, or kNoToken if the token is not in the vocabulary.
  token_id find(std::string_view token) const noexcept { return trie_.find(token); }

  /// Returns the token with this id, or nullptr if the id is unused. Requires 0 <= id < vocab_size().
  const std::string* token(token_id id) const noexcept {
    const std::string& token = core::at(tokens_, id);
    return find(token) == id ? &token : nullptr;
  }

  const std::vector<std::string>& vocabulary() const noexcept { return tokens_; }
  token_id unk_token_id() const noexcept { return unk_token_id_; }

  /// Returns how many bytes of its word a piece covers: the length of the token, minus the prefix if the piece
  /// continues the word.
  index_t bytes_in_word(token_id id, bool continues) const noexcept {
    return core::length(core::at(tokens_, id)) - (continues ? prefix_bytes_ : 0);
  }

  /// Appends the ids of the pieces of a word: the longest entry that the word starts with, then the longest entry that
  /// continues the word, and so on. If no entry matches at some point, or the word is too long, appends only
  /// unk_token_id(). Always inlined: with a second caller, the compiler would no longer inline it by itself, and the
  /// loop over words would be 10 % slower.
  [[gnu::always_inline]] void append_ids(std::string_view word, tokenizers::detail::IdAppender& ids) const {
    ids.make_room(word.size());  // enough, because each piece covers at least one byte
    const std::size_t old_size = ids.used();
    bool known =
        core::length(word) <= kMaxCharactersPerWord || core::utf8::count_characters(word) <= kMaxCharactersPerWord;
    Trie::Node node = Trie::kRoot;
    for (std::string_view rest = word; known && !rest.empty();) {
      const Trie::Match piece = node == Trie::kNoNode ? Trie::Match{} : trie_.longest_match(node, rest);
      known = piece.bytes > 0;
      if (known) ids.add(piece.value);
      rest.remove_prefix(core::usize(piece.bytes));
      node = continuation_;
    }
    if (known) return;
    ids.cut_to(old_size);
    ids.add(unk_token_id_);
  }
  void append_ids(std::string_view word, std::vector<token_id>& ids) const {
    tokenizers::detail::IdAppender appender(ids, word.size());
    append_ids(word, appender);
  }

 private:
  static std::vector<Trie::Entry> entries(const std::vector<std::string>& tokens) {
    std::vector<Trie::Entry> entries;
    entries.reserve(tokens.size());
    for (const std::string& token : tokens) {
      const auto id = static_cast<token_id>(entries.size());
      core::check<ValueError>(core::utf8::is_valid(token), "wordpiece: entry ", id,
                              " of the vocabulary is not UTF-8; convert the vocabulary to UTF-8");
      entries.emplace_back(token, id);
    }
    return entries;
  }

  std::vector<std::string> tokens_;
  Trie trie_;
  index_t prefix_bytes_;
  Trie::Node continuation_ = Trie::kNoNode;  // node of the prefix, where the search for a continuing piece starts
  token_id unk_token_id_ = kNoToken;
};

}  // namespace minibert
