// Added tokens: cut out of a text, raw or normalised, before it is split into words. The special tokens are added
// tokens.
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

/// The added tokens of a tokenizer, by id, and the search for them.
class AddedTokens {
 public:
  AddedTokens() = default;

  /// The given tokens and the five named ones. A token that the vocabulary holds has its id there; others get the next
  /// free one, the named ones first. ValueError when a given id is another, or an added token is empty.
  AddedTokens(std::vector<AddedToken> tokens, const BertTokenizerOptions& options, const WordPiece& model)
      : tokens_(std::move(tokens)) {
    for (const AddedToken& token : tokens_) check_token(token, model);
    for (const auto& [name, member] : tokenizers::detail::kNamedSpecialTokens) add_special(options.*member, model);
    for (AddedToken& token : tokens_)
      if (token.id < 0) token.id = id_for(token.content, model);
    std::sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
    const auto same_id = [](const AddedToken& a, const AddedToken& b) { return a.id == b.id; };
    const auto twin = std::adjacent_find(tokens_.begin(), tokens_.end(), same_id);
    if (twin != tokens_.end())
      core::raise<ValueError>("added tokens: \"", twin->content, "\" and \"", (twin + 1)->content, "\" have the id ",
                              twin->id);

    const BertNormalizer normalizer(options.normalizer());
    std::vector<Trie::Entry> ids;
    std::vector<tokenizers::detail::AddedTokenSearch::Pattern> raw, normalized;
    for (const AddedToken& token : tokens_) {
      ids.emplace_back(token.content, token.id);
      texts_.push_back(token.normalized ? normalizer.normalize(token.content) : token.content);
      core::check<ValueError>(!texts_.back().empty(), "added tokens: nothing is left of \"", token.content,
                              "\" when normalised");
      (token.normalized ? normalized : raw)
          .push_back({texts_.back(), token.id, token.single_word, token.lstrip, token.rstrip});
    }
    ids_ = Trie(std::move(ids));
    raw_ = tokenizers::detail::AddedTokenSearch(std::move(raw));
    normalized_ = tokenizers::detail::AddedTokenSearch(std::move(normalized));
  }

  /// All of them, by id.
  const std::vector<AddedToken>& all() const noexcept { return tokens_; }
  /// The largest id, plus one.
  token_id end_id() const noexcept { return tokens_.empty() ? 0 : tokens_.back().id + 1; }

  /// The id of a token, or WordPiece::kNoToken.
  token_id find(std::string_view content) const noexcept { return ids_.find(content); }

  /// What an id stands for in a text, or nullptr: of a token that is found in normalised text its normalised content.
  const std::string* text(token_id id) const noexcept {
    const index_t place = place_of(id);
    return place < 0 ? nullptr : &core::at(texts_, place);
  }

  bool is_special(token_id id) const noexcept {
    const index_t place = place_of(id);
    return place >= 0 && core::at(tokens_, place).special;
  }

  /// Whether any token is found in normalised text.
  bool any_normalized() const noexcept { return !normalized_.empty(); }

  /// Cuts out of a raw text the tokens that are found there: AddedTokenSearch::split().
  template <class OnText, class OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    raw_.split(text, on_text, on_token);
  }

  /// Cuts out of a normalised text, a piece that split() left, the tokens that are found there.
  template <class OnText, class OnToken>
  void split_normalized(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    normalized_.split(text, on_text, on_token);
  }

 private:
  void check_token(const AddedToken& token, const WordPiece& model) const {
    core::check<ValueError>(!token.content.empty(), "added tokens: the one with the id ", token.id, " is empty");
    if (token.id < 0) return;
    const token_id id = model.find(token.content);
    core::check<ValueError>(id == token.id || (id == WordPiece::kNoToken && token.id >= model.vocab_size()),
                            "added tokens: \"", token.content, "\" has the id ", token.id, ", the vocabulary of ",
                            model.vocab_size(),
                            id == WordPiece::kNoToken ? " does not hold it" : core::concat(" has it at ", id));
  }

  void add_special(const std::string& content, const WordPiece& model) {
    const auto same = [&](const AddedToken& token) { return token.content == content; };
    auto token = std::find_if(tokens_.begin(), tokens_.end(), same);
    if (token == tokens_.end()) token = tokens_.insert(token, {.id = -1, .content = content});
    token->special = true;
    if (token->id < 0) token->id = id_for(content, model);
    check_token(*token, model);
  }

  /// The id of a token that was given none.
  token_id id_for(const std::string& content, const WordPiece& model) const {
    const token_id known = model.find(content);
    if (known != WordPiece::kNoToken) return known;
    token_id next = static_cast<token_id>(model.vocab_size());
    for (const AddedToken& token : tokens_) next = std::max(next, token.id + 1);
    return next;
  }

  /// The place of a token among tokens_, or -1.
  index_t place_of(token_id id) const noexcept {
    const auto token = std::lower_bound(tokens_.begin(), tokens_.end(), id,
                                        [](const AddedToken& t, token_id value) { return t.id < value; });
    return token != tokens_.end() && token->id == id ? token - tokens_.begin() : -1;
  }

  std::vector<AddedToken> tokens_;
  std::vector<std::string> texts_;  // those of tokens_
  Trie ids_;
  tokenizers::detail::AddedTokenSearch raw_, normalized_;
};

}  // namespace minibert
