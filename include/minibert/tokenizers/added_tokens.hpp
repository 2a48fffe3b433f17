// Added tokens: cut out of raw text before anything else sees it. The special tokens are added tokens.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/trie.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

/// The added tokens of a tokenizer, by id, and the search for them: leftmost, longest, by bytes, case-sensitive.
class AddedTokens {
 public:
  AddedTokens() = default;

  /// The given tokens and the five named ones. A token that the vocabulary holds has its id there; others get the next
  /// free one. ValueError when a given id is another, or an added token is empty.
  AddedTokens(std::vector<AddedToken> tokens, const BertTokenizerOptions& options, const WordPiece& model)
      : tokens_(std::move(tokens)) {
    for (const AddedToken& token : tokens_) check_token(token, model);
    for (const auto& [name, member] : detail::kNamedSpecialTokens) add_special(options.*member, model);
    std::sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
    const auto same_id = [](const AddedToken& a, const AddedToken& b) { return a.id == b.id; };
    const auto twin = std::adjacent_find(tokens_.begin(), tokens_.end(), same_id);
    if (twin != tokens_.end())
      raise<ValueError>("added tokens: \"", twin->content, "\" and \"", (twin + 1)->content, "\" have the id ",
                        twin->id);

    std::vector<Trie::Entry> entries;
    for (const AddedToken& token : tokens_) {
      entries.emplace_back(token.content, token.id);
      begins_token_[static_cast<unsigned char>(token.content.front())] = true;
    }
    trie_ = Trie(std::move(entries));
  }

  /// All of them, by id.
  const std::vector<AddedToken>& all() const noexcept { return tokens_; }
  /// The largest id, plus one.
  token_id end_id() const noexcept { return tokens_.empty() ? 0 : tokens_.back().id + 1; }

  /// The id of a token, or WordPiece::kNoToken.
  token_id find(std::string_view content) const noexcept { return trie_.find(content); }

  /// The token of an id, or nullptr.
  const AddedToken* find(token_id id) const noexcept {
    const auto token = std::lower_bound(tokens_.begin(), tokens_.end(), id,
                                        [](const AddedToken& t, token_id value) { return t.id < value; });
    return token != tokens_.end() && token->id == id ? &*token : nullptr;
  }

  bool is_special(token_id id) const noexcept {
    const AddedToken* token = find(id);
    return token != nullptr && token->special;
  }

  /// Calls on_text(std::string_view) for each piece of text between added tokens, and on_token(token_id,
  /// std::string_view) for each of these, in order.
  template <class OnText, class OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    std::size_t begin = 0;  // of the piece being read
    for (std::size_t i = 0; i < text.size();) {
      const Trie::Match match = begins_token_[static_cast<unsigned char>(text[i])]
                                    ? trie_.longest_match(Trie::kRoot, text.substr(i))
                                    : Trie::Match{};
      if (match.bytes == 0) {
        ++i;
        continue;
      }
      if (i > begin) on_text(text.substr(begin, i - begin));
      on_token(match.value, text.substr(i, usize(match.bytes)));
      begin = i += usize(match.bytes);
    }
    if (begin < text.size()) on_text(text.substr(begin));
  }

 private:
  void check_token(const AddedToken& token, const WordPiece& model) const {
    check<ValueError>(!token.content.empty(), "added tokens: the one with the id ", token.id, " is empty");
    const token_id id = model.find(token.content);
    check<ValueError>(id == token.id || (id == WordPiece::kNoToken && token.id >= model.vocab_size()),
                      "added tokens: \"", token.content, "\" has the id ", token.id, ", the vocabulary of ",
                      model.vocab_size(), id == WordPiece::kNoToken ? " does not hold it" : concat(" has it at ", id));
  }

  void add_special(const std::string& content, const WordPiece& model) {
    token_id next = static_cast<token_id>(model.vocab_size());
    for (AddedToken& token : tokens_) {
      if (token.content == content) {
        token.special = true;
        return;
      }
      next = std::max(next, token.id + 1);
    }
    const token_id known = model.find(content);
    tokens_.push_back({known == WordPiece::kNoToken ? next : known, content});
    check_token(tokens_.back(), model);
  }

  std::vector<AddedToken> tokens_;
  Trie trie_;
  std::array<bool, 256> begins_token_ = {};
};

}  // namespace minibert
