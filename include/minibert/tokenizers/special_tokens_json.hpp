// Reads added and special tokens from a tokenizer's JSON files: tokenizer.json, tokenizer_config.json,
// special_tokens_map.json and added_tokens.json.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tokenizers/bert_tokenizer_options.hpp>
#include <minibert/tokenizers/json_members.hpp>
#include <minibert/tokenizers/wordpiece.hpp>

namespace minibert::tokenizers::detail {

inline token_id parse_id(std::int64_t id) {
  core::check<FormatError>(id >= 0 && id < WordPiece::kMaxVocabSize, "the id is ", id, ", expected 0 to ",
                           WordPiece::kMaxVocabSize - 1);
  return static_cast<token_id>(id);
}

/// Parses an added token: an object with a "content" and flags. A missing flag is false, except that `normalized` is
/// true if it is missing and the token is not special.
inline AddedToken parse_added_token(const Json& token, token_id id) {
  const auto flag = [&](const char* name, bool default_value) {
    const Json* value = find_non_null(token, name);
    return value != nullptr ? in_context(name, [&] { return value->as_bool(); }) : default_value;
  };
  const bool special = flag("special", false);
  return {.id = id,
          .content = member(token, "content", &Json::as_string),
          .special = special,
          .single_word = flag("single_word", false),
          .lstrip = flag("lstrip", false),
          .rstrip = flag("rstrip", false),
          .normalized = flag("normalized", !special)};
}

/// Parses a special token, such as the value of "mask_token" in tokenizer_config.json: a string, or an object with a
/// "content" and flags. `special` is always true. The other flags are false if missing.
inline AddedToken parse_special_token(const Json& value) {
  core::check<FormatError>(value.is_string() || value.is_object(), "expected a string or an object with a \"content\"",
                           ", found ", value.dump());
  if (value.is_string()) return {.id = -1, .content = value.as_string()};
  AddedToken token = parse_added_token(value, -1);
  const Json* normalized = find_non_null(value, "normalized");
  token.normalized = normalized != nullptr && normalized->as_bool();
  token.special = true;
  return token;
}

/// Returns true for an object that transformers writes for an AddedToken in tokenizer_config.json.
inline bool is_typed_added_token(const Json& value) {
  return value.is_object() && value.find("__type") != nullptr && *value.find("__type") == Json("AddedToken");
}

/// Returns an iterator to the token with this content, or to the end of the list if there is none.
inline auto find_token(std::vector<AddedToken>& tokens, std::string_view content) {
  return std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& t) { return t.content == content; });
}

/// Parses the added_tokens_decoder of tokenizer_config.json, an object that maps ids to added tokens. A token is
/// special if its flag says so, or if is_named(content) returns true.
template <class IsNamed>
std::vector<AddedToken> parse_added_tokens_decoder(const Json& decoder, IsNamed&& is_named) {
  std::vector<AddedToken> tokens;
  for (const auto& [key, token] : decoder.as_object()) {
    std::int64_t id = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    core::check<FormatError>(parsed.ec == std::errc() && parsed.ptr == key.data() + key.size(), "found the key \"", key,
                             "\", expected the id of a token, such as \"103\"");
    in_context(key, [&, value = &token] {
      AddedToken added = parse_added_token(*value, -1);
      if (is_named(added.content)) added = parse_special_token(*value);
      added.id = parse_id(id);
      tokens.push_back(std::move(added));
    });
  }
  return tokens;
}

/// The special tokens that tokenizer_config.json and special_tokens_map.json name. Stored in the order in which
/// transformers stores them, because special tokens that the vocabulary lacks get their ids in this order.
class SpecialTokensReader {
 public:
  /// Reads tokenizer_config.json.
  void read_config(const Json& config) {
    for (const auto& [name, value] : config.as_object())
      if (name.ends_with("_token") && !value.is_null())
        in_context(name, [&, key = &name, token = &value] { read_named_in_config(*key, *token); });
    const Json *extra = config.find(kExtra), *additional = config.find(kAdditional);
    const bool replaces_extra = additional != nullptr && (extra == nullptr || is_empty(*extra));
    if (replaces_extra) {
      in_context(kAdditional, [&] { set_extra(*additional, false); });
    } else {
      if (extra != nullptr) in_context(kExtra, [&] { set_extra(*extra, false); });
      if (additional != nullptr) in_context(kAdditional, [&] { additional_ = parse_list(*additional, false); });
    }
  }

  /// Reads special_tokens_map.json. Its tokens replace those of tokenizer_config.json that have the same name.
  void read_map(const Json& map) {
    for (const auto& [name, value] : map.as_object()) {
      if (value.is_null()) continue;
      in_context(name, [&, key = &name, token = &value] {
        if (*key == kExtra)
          set_extra(*token, true);
        else if (*key == kAdditional)
          additional_ = parse_list(*token, true);
        else if (key->ends_with("_token"))
          set(is_common(*key) ? common_ : others_, *key, parse_special_token(*token));
      });
    }
  }

  /// Returns true if the token is the value of a name, such as "mask_token". A name that is in none of the files has
  /// its value in `options`.
  bool is_named(std::string_view content, const BertTokenizerOptions& options) const {
    const auto is_value = [&](const auto& named) { return named.second.content == content; };
    for (const NamedTokens* tokens : {&common_, &others_, &explicit_})
      if (std::any_of(tokens->begin(), tokens->end(), is_value)) return true;
    return std::any_of(std::begin(kNamedSpecialTokens), std::end(kNamedSpecialTokens), [&](const auto& token) {
      return find(common_, token.name) == nullptr && options.*token.member == content;
    });
  }

  /// Returns true if a token in added_tokens.json is special: if it is the value of a common name (unk_token,
  /// cls_token, …) or is in the list extra_special_tokens.
  bool is_special_in_added_tokens(std::string_view content) const {
    return std::any_of(common_.begin(), common_.end(), [&](const auto& t) { return t.second.content == content; }) ||
           (extra_ && find_item(*extra_, content));
  }

  /// Sets the special tokens of the options. Appends all special tokens to the added tokens, in the order in which
  /// transformers adds them. If an added token has the same content already, it keeps its flags and its position, but
  /// becomes special if it is the value of a name.
  void add_to(BertTokenizerParts& parts) const {
    for (const auto& [name, member] : kNamedSpecialTokens) {
      const AddedToken* token = find(common_, name);
      if (token == nullptr) continue;
      core::check<FormatError>(!token->content.empty(), name, " is empty, expected at least one character");
      parts.options.*member = token->content;
    }
    const index_t num_added = core::length(parts.added_tokens);
    const auto add = [&](const AddedToken& token, bool is_named) {
      if (token.content.empty()) return;  // transformers ignores it, too
      const auto same = find_token(parts.added_tokens, token.content);
      if (same == parts.added_tokens.end())
        parts.added_tokens.push_back(token);
      else if (same - parts.added_tokens.begin() >= num_added)
        *same = token;  // the flags of the last name count
      else
        same->special |= is_named;
    };
    for (const char* name : {"bos_token", "eos_token"})
      if (const AddedToken* token = find(common_, name)) add(*token, true);
    for (const auto& [name, member] : kNamedSpecialTokens) {
      const AddedToken* token = find(common_, name);
      add(token != nullptr ? *token : AddedToken{.id = -1, .content = parts.options.*member}, true);
    }
    for (const NamedTokens* tokens : {&others_, &explicit_})
      for (const auto& [name, token] : *tokens) add(token, true);
    for (const Item& item : extra_ ? *extra_ : additional_)
      add(is_named(item.listed.content, parts.options) ? item.named : item.listed, false);
  }

 private:
  using NamedTokens = std::vector<std::pair<std::string, AddedToken>>;

  /// A token of a list of special tokens.
  struct Item {
    AddedToken listed, named;  // with the flags it has in the list, and if it is also the value of a name
  };

  static constexpr const char *kExtra = "extra_special_tokens", *kAdditional = "additional_special_tokens";

  /// Returns true for a name that every tokenizer of transformers has, such as "mask_token".
  static bool is_common(std::string_view name) {
    return name == "bos_token" || name == "eos_token" ||
           std::any_of(std::begin(kNamedSpecialTokens), std::end(kNamedSpecialTokens),
                       [&](const NamedSpecialToken& token) { return name == token.name; });
  }

  static bool is_empty(const Json& json) {
    return json.is_null() || (json.is_array() && json.as_array().empty()) ||
           (json.is_object() && json.as_object().empty());
  }

  static const AddedToken* find(const NamedTokens& tokens, std::string_view name) {
    for (const auto& [key, token] : tokens)
      if (key == name) return &token;
    return nullptr;
  }

  static void set(NamedTokens& tokens, const std::string& name, AddedToken token) {
    for (auto& [key, value] : tokens)
      if (key == name) return void(value = std::move(token));
    tokens.emplace_back(name, std::move(token));
  }

  /// Parses a list of special tokens. An object of the type AddedToken in tokenizer_config.json is special only if its
  /// member "special" is true. All other tokens in the list are special.
  static std::vector<Item> parse_list(const Json& json, bool is_map) {
    std::vector<Item> tokens;
    if (json.is_null()) return tokens;
    core::check<FormatError>(json.is_array(), "expected a list of tokens, found ", json.dump());
    for (const Json& item : json.as_array())
      in_context(core::concat("[", tokens.size(), "]"), [&] {
        const AddedToken named = parse_special_token(item);
        tokens.push_back({!is_map && is_typed_added_token(item) ? parse_added_token(item, -1) : named, named});
      });
    return tokens;
  }

  void read_named_in_config(const std::string& name, const Json& value) {
    if (is_common(name))
      set(common_, name, parse_special_token(value));
    else if (value.is_string())
      set(explicit_, name, parse_special_token(value));
    else if (is_typed_added_token(value))
      set(others_, name, parse_special_token(value));  // anything else, such as "add_bos_token": true, is a setting
  }

  /// Reads extra_special_tokens: a list, or an object that maps names to tokens. A list in special_tokens_map.json
  /// extends the list in tokenizer_config.json.
  void set_extra(const Json& json, bool is_map) {
    if (json.is_object()) {
      extra_.reset();
      for (const auto& [name, value] : json.as_object())
        in_context(name, [&, key = &name, token = &value] { set(explicit_, *key, parse_special_token(*token)); });
      return;
    }
    core::check<FormatError>(json.is_array() || json.is_null(),
                             "expected a list of tokens, or an object of named tokens, found ", json.dump());
    std::vector<Item> items = parse_list(json, is_map);
    if (!is_map || !extra_) extra_.emplace();
    for (Item& item : items)
      if (!is_map || !find_item(*extra_, item.listed.content)) extra_->push_back(std::move(item));
  }

  static bool find_item(const std::vector<Item>& items, std::string_view content) {
    return std::any_of(items.begin(), items.end(), [&](const Item& item) { return item.listed.content == content; });
  }

  NamedTokens common_;    // the names that every tokenizer has
  NamedTokens others_;    // other names, except those in explicit_
  NamedTokens explicit_;  // other names that have a string as value or are in an object extra_special_tokens
  std::optional<std::vector<Item>> extra_;
  std::vector<Item> additional_;  // used only without extra_special_tokens
};

/// Parses added_tokens.json, an object that maps tokens to ids. Older versions of transformers write this file.
/// `special_tokens` determines which tokens are special.
inline std::vector<AddedToken> parse_added_tokens_map(const Json& json, const SpecialTokensReader& special_tokens) {
  std::vector<AddedToken> tokens;
  for (const auto& [content, value] : json.as_object()) {
    const token_id id = in_context(content, [&, number = &value] { return parse_id(number->as_integer()); });
    const bool special = special_tokens.is_special_in_added_tokens(content);
    tokens.push_back({.id = id, .content = content, .special = special, .normalized = !special});
  }
  return tokens;
}

}  // namespace minibert::tokenizers::detail
