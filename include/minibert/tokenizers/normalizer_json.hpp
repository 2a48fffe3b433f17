// Reads and writes the "normalizer" of tokenizer.json. This is a BertNormalizer or, with keep_joiners, a Sequence that
// gives the same text but keeps the zero-width joiners U+200C and U+200D.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tokenizers/json_members.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert::tokenizers::detail {

/// Returns a regular expression, such as "[\x{9}-\x{A}\x{A0}]", that matches the characters c for which contains(c) is
/// true. The expression lists code points, not Unicode categories, so it does not depend on the Unicode version of the
/// regex library.
template <class Contains>
std::string character_class(Contains&& contains) {
  constexpr char32_t kEnd = 0x110000;
  const auto number = [](char32_t c) {
    std::string digits;
    for (; c != 0 || digits.empty(); c /= 16) digits.insert(digits.begin(), "0123456789ABCDEF"[c % 16]);
    return core::concat("\\x{", digits, "}");
  };
  std::string ranges;
  for (char32_t first = 0; first < kEnd; ++first) {
    if (!contains(first)) continue;
    char32_t last = first;
    while (last + 1 < kEnd && contains(last + 1)) ++last;
    ranges += first == last ? number(first) : core::concat(number(first), "-", number(last));
    first = last;
  }
  return core::concat("[", ranges, "]");
}

/// Returns the JSON of a Replace normalizer, which replaces each match of a regular expression with `content`.
inline Json replace_json(const std::string& regex, const char* content) {
  return Json(Json::Object{{"type", "Replace"}, {"pattern", Json::Object{{"Regex", regex}}}, {"content", content}});
}

/// Returns the JSON of the normalizer. With keep_joiners, the BertNormalizer has clean_text = false, because clean_text
/// would remove the joiners. Two Replace normalizers before the BertNormalizer do the rest of clean_text: the first one
/// removes the other characters that clean_text removes, and the second one replaces white space with spaces.
inline Json normalizer_json(const BertNormalizerOptions& options) {
  const Json strip_accents = options.strip_accents ? Json(*options.strip_accents) : Json();
  const Json bert(Json::Object{{"type", "BertNormalizer"},
                               {"clean_text", !options.keep_joiners},
                               {"handle_chinese_chars", options.handle_chinese_chars},
                               {"strip_accents", strip_accents},
                               {"lowercase", options.lowercase}});
  if (!options.keep_joiners) return bert;
  const std::string removed = character_class([&](char32_t c) { return options.removes(c); });
  const std::string spaces =
      character_class([&](char32_t c) { return c != U' ' && unicode::is_whitespace(c) && !options.removes(c); });
  return Json(Json::Object{{"type", "Sequence"},
                           {"normalizers", Json::Array{replace_json(removed, ""), replace_json(spaces, " "), bert}}});
}

/// Returns the types of a Sequence's members, such as "NFD, Lowercase, StripAccents", for messages.
inline std::string types_of_members(const Json& sequence) {
  std::string types;
  for (const Json& member : sequence.at("normalizers").as_array()) {
    const Json* type = member.find("type");
    types += (types.empty() ? "" : ", ") + (type != nullptr && type->is_string() ? type->as_string() : member.dump());
  }
  return types;
}

/// Raises the error for a normalizer that gives other text than BertNormalizer. `found` describes this normalizer.
[[noreturn]] inline void raise_unknown_normalizer(const std::string& found) {
  core::raise<FormatError>(found,
                           ", expected \"BertNormalizer\", alone or as the only member of a Sequence, or the Sequence "
                           "(Replace, Replace, BertNormalizer) that minibert writes for keep_joiners; only BERT "
                           "tokenizers are supported: train a new vocabulary with BertNormalizer and BertPreTokenizer");
}

/// Parses the JSON that normalizer_json() returns, or a Sequence with this JSON as its only member.
/// @throws FormatError for any other normalizer
inline BertNormalizerOptions parse_normalizer(const Json& normalizer) {
  const Json& json = without_sequence(normalizer, "normalizers");
  const std::string type = member(json, "type", &Json::as_string);
  const bool is_sequence = type == "Sequence";
  if (!is_sequence && type != "BertNormalizer") raise_unknown_normalizer(core::concat("type is \"", type, "\""));
  const auto raise_if_sequence = [&](bool wrong) {
    if (is_sequence && wrong)
      raise_unknown_normalizer(core::concat("found a Sequence of (", types_of_members(json), ")"));
  };
  raise_if_sequence(is_sequence && types_of_members(json) != "Replace, Replace, BertNormalizer");
  const Json& bert = is_sequence ? json.at("normalizers").as_array().back() : json;
  core::check<FormatError>(is_sequence || member(bert, "clean_text", &Json::as_bool),
                           "clean_text is false, expected true, the only value supported");

  BertNormalizerOptions options{.handle_chinese_chars = member(bert, "handle_chinese_chars", &Json::as_bool),
                                .lowercase = member(bert, "lowercase", &Json::as_bool),
                                .keep_joiners = is_sequence};
  if (find_non_null(bert, "strip_accents") != nullptr)
    options.strip_accents = member(bert, "strip_accents", &Json::as_bool);
  raise_if_sequence(json != normalizer_json(options));
  return options;
}

}  // namespace minibert::tokenizers::detail
