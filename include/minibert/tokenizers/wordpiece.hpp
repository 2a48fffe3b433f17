// WordPiece: a word as the longest vocabulary entries it can be put together from.
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

/// A vocabulary, and the greedy longest match over it. Entries that continue a word begin with the prefix ("##").
class WordPiece {
 public:
  static constexpr token_id kNoToken = Trie::kNoValue;
  static constexpr index_t kMaxCharactersPerWord = 100;  ///< a longer word is unknown
  static constexpr index_t kMaxVocabSize = 1 << 24;      ///< larger ids in a file are taken for damage

  /// The id of an entry is its place. Of equal entries the last counts; the others leave ids without a token.
  /// ValueError when the entry for unknown words is not there or an entry is not UTF-8.
  explicit WordPiece(std::vector<std::string> vocabulary, std::string_view unk_token = "[UNK]",
                     std::string_view continuing_subword_prefix = "##")
      : tokens_(std::move(vocabulary)),
        trie_(entries(tokens_)),
        prefix_bytes_(core::length(continuing_subword_prefix)) {
    unk_token_id_ = find(unk_token);
    core::check<ValueError>(unk_token_id_ != kNoToken, "wordpiece: the vocabulary of ", vocab_size(),
                            " entries does not hold the token for unknown words, \"", unk_token, "\"");
    continuation_ = trie_.descend(Trie::kRoot, continuing_subword_prefix);
  }

  /// The number of ids: the largest, plus one.
  index_t vocab_size() const noexcept { return core::length(tokens_); }

  /// The id of a token, or kNoToken.
  token_id find(std::string_view token) const noexcept { return trie_.find(token); }

  /// The token of an id, 0 <= id < vocab_size(); nullptr for an id that no token has.
  const std::string* token(token_id id) const noexcept {
    const std::string& token = core::at(tokens_, id);
    return find(token) == id ? &token : nullptr;
  }

  const std::vector<std::string>& vocabulary() const noexcept { return tokens_; }
  token_id unk_token_id() const noexcept { return unk_token_id_; }

  /// The number of bytes of a word of several pieces that a piece stands for: its token's, without the prefix.
  index_t bytes_in_word(token_id id, bool continues) const noexcept {
    return core::length(core::at(tokens_, id)) - (continues ? prefix_bytes_ : 0);
  }

  /// Appends the ids of a word's pieces: the longest that fits, then the longest that continues it, and so on. One
  /// unk_token_id() for the whole word if that fails anywhere or the word is too long.
  /// Always inlined: left to the compiler, a second caller costs the loop over words a tenth of its speed.
  [[gnu::always_inline]] void append_ids(std::string_view word, tokenizers::detail::IdAppender& ids) const {
    ids.make_room(word.size());  // a piece has a byte at least
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
      core::check<ValueError>(core::utf8::is_valid(token), "wordpiece: entry ", id, " of the vocabulary is not UTF-8");
      entries.emplace_back(token, id);
    }
    return entries;
  }

  std::vector<std::string> tokens_;
  Trie trie_;
  index_t prefix_bytes_;
  Trie::Node continuation_ = Trie::kNoNode;  // where the entries that continue a word begin
  token_id unk_token_id_ = kNoToken;
};

}  // namespace minibert
