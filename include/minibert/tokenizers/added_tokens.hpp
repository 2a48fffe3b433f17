// AddedTokens: tokens that are found in the raw or normalized text before the text is split into words. Special tokens
// are added tokens, too.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/tokenizers/added_token_search.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/trie.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert {

/// Holds the added tokens of a tokenizer, sorted by id, and finds them in a text.
class AddedTokens {
 public:
  AddedTokens() = default;

  /// Adds the five special tokens of `options` in front of `tokens`, except special tokens that `tokens` already
  /// contains. A token with a negative id gets its id from the vocabulary. If the vocabulary lacks the token, the token
  /// gets the next free id.
  /// @throws ValueError if a token is empty (before or after normalization), if two tokens have the same id, if a given
  /// id is not the token's id in the vocabulary, or if the ids of the tokens that the vocabulary lacks do not continue
  /// the ids of the vocabulary without a gap
  AddedTokens(std::vector<AddedToken> tokens, const BertTokenizerOptions& options, const WordPiece& model)
      : tokens_(std::move(tokens)) {
    add_special_tokens(options);
    for (const AddedToken& token : tokens_) check_token(token, model);
    for (AddedToken& token : tokens_)
      if (token.id < 0) token.id = id_for(token.content, model);
    std::sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
    const auto same_id = [](const AddedToken& a, const AddedToken& b) { return a.id == b.id; };
    const auto duplicate = std::adjacent_find(tokens_.begin(), tokens_.end(), same_id);
    if (duplicate != tokens_.end())
      core::raise<ValueError>("added tokens: \"", duplicate->content, "\" and \"", (duplicate + 1)->content,
                              "\" both have the id ", duplicate->id, "; give each token its own id");
    check_no_gap(model);

    const BertNormalizer normalizer(options.normalizer());
    std::vector<Trie::Entry> ids;
    std::vector<tokenizers::detail::AddedTokenSearch::Pattern> raw, normalized;
    for (const AddedToken& token : tokens_) {
      ids.emplace_back(token.content, token.id);
      texts_.push_back(token.normalized ? normalizer.normalize(token.content) : token.content);
      core::check<ValueError>(!texts_.back().empty(), "added tokens: \"", token.content,
                              "\" is empty after normalization; set normalized = false to find it in the raw text");
      (token.normalized ? normalized : raw)
          .push_back({texts_.back(), token.id, token.single_word, token.lstrip, token.rstrip});
    }
    ids_ = Trie(std::move(ids));
    raw_ = tokenizers::detail::AddedTokenSearch(std::move(raw));
    normalized_ = tokenizers::detail::AddedTokenSearch(std::move(normalized));
  }

  /// Returns all added tokens, sorted by id.
  const std::vector<AddedToken>& all() const noexcept { return tokens_; }
  /// Returns the largest id of an added token plus one, or 0 if there are no added tokens.
  token_id end_id() const noexcept { return tokens_.empty() ? 0 : tokens_.back().id + 1; }

  /// Returns the id of a token, or WordPiece::kNoToken if it is not an added token.
  token_id find(std::string_view content) const noexcept { return ids_.find(content); }

  /// Returns the text of the added token with this id, or nullptr if there is none. The text is the content of the
  /// token, in normalized form if the token has normalized = true.
  const std::string* text(token_id id) const noexcept {
    const index_t index = index_of(id);
    return index < 0 ? nullptr : &core::at(texts_, index);
  }

  bool is_special(token_id id) const noexcept {
    const index_t index = index_of(id);
    return index >= 0 && core::at(tokens_, index).special;
  }

  /// Returns true if any token has normalized = true.
  bool any_normalized() const noexcept { return !normalized_.empty(); }

  /// Splits a raw text at the tokens with normalized = false; see AddedTokenSearch::split().
  template <class OnText, class OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    raw_.split(text, on_text, on_token);
  }

  /// Splits a normalized text at the tokens with normalized = true. `text` is the normalized form of a piece that
  /// split() passed to on_text.
  template <class OnText, class OnToken>
  void split_normalized(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    normalized_.split(text, on_text, on_token);
  }

 private:
  void check_token(const AddedToken& token, const WordPiece& model) const {
    core::check<ValueError>(!token.content.empty(), "added tokens: the token with the id ", token.id,
                            " is empty, expected at least one character");
    if (token.id < 0) return;
    const token_id id = model.find(token.content);
    core::check<ValueError>(id == token.id || (id == WordPiece::kNoToken && token.id >= model.vocab_size()),
                            "added tokens: \"", token.content, "\" has the id ", token.id, ", expected ",
                            id == WordPiece::kNoToken
                                ? core::concat("at least ", model.vocab_size(), ": the vocabulary does not contain it")
                                : core::concat("its id in the vocabulary, ", id));
  }

  /// Checks that the ids of the tokens that the vocabulary lacks continue the ids of the vocabulary without a gap.
  /// Hugging Face's readers ignore the ids that a file gives to these tokens, and number the tokens themselves, without
  /// a gap.
  void check_no_gap(const WordPiece& model) const {
    index_t next = model.vocab_size();
    for (const AddedToken& token : tokens_) {
      if (token.id < model.vocab_size()) continue;
      core::check<ValueError>(token.id == next, "added tokens: \"", token.content, "\" has the id ", token.id,
                              ", expected ", next, ", the next free id, which Hugging Face gives to it");
      ++next;
    }
  }

  void add_special_tokens(const BertTokenizerOptions& options) {
    std::vector<AddedToken> missing;
    for (const auto& [name, member] : tokenizers::detail::kNamedSpecialTokens) {
      const auto same = [&, content = &(options.*member)](const AddedToken& token) {
        return token.content == *content;
      };
      const auto token = std::find_if(tokens_.begin(), tokens_.end(), same);
      if (token != tokens_.end())
        token->special = true;
      else if (std::none_of(missing.begin(), missing.end(), same))
        missing.push_back({.id = -1, .content = options.*member});
    }
    tokens_.insert(tokens_.begin(), missing.begin(), missing.end());
  }

  /// Returns the id for a token that was given with a negative id.
  token_id id_for(const std::string& content, const WordPiece& model) const {
    const token_id known = model.find(content);
    if (known != WordPiece::kNoToken) return known;
    token_id next = static_cast<token_id>(model.vocab_size());
    for (const AddedToken& token : tokens_) next = std::max(next, token.id + 1);
    return next;
  }

  /// Returns the index in tokens_ of the token with this id, or −1 if there is none.
  index_t index_of(token_id id) const noexcept {
    const auto token = std::lower_bound(tokens_.begin(), tokens_.end(), id,
                                        [](const AddedToken& t, token_id value) { return t.id < value; });
    return token != tokens_.end() && token->id == id ? token - tokens_.begin() : -1;
  }

  std::vector<AddedToken> tokens_;
  std::vector<std::string> texts_;  // texts_[i]: the content of tokens_[i], normalized if tokens_[i].normalized
  Trie ids_;
  tokenizers::detail::AddedTokenSearch raw_, normalized_;
};

}  // namespace minibert
