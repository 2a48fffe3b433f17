// The normalizer of tokenizer.json: BertNormalizer or, where joiners are kept, what does the same but for these.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/tokenizers/normalizer.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert::tokenizers::detail {

/// A regular expression for one character that holds(c), in numbers: it means the same in every version of Unicode.
template <class Holds>
std::string character_class(Holds&& holds) {
  constexpr char32_t kEnd = 0x110000;
  const auto number = [](char32_t c) {
    std::string digits;
    for (; c != 0 || digits.empty(); c /= 16) digits.insert(digits.begin(), "0123456789ABCDEF"[c % 16]);
    return core::concat("\\x{", digits, "}");
  };
  std::string ranges;
  for (char32_t first = 0; first < kEnd; ++first) {
    if (!holds(first)) continue;
    char32_t last = first;
    while (last + 1 < kEnd && holds(last + 1)) ++last;
    ranges += first == last ? number(first) : core::concat(number(first), "-", number(last));
    first = last;
  }
  return core::concat("[", ranges, "]");
}

/// A step that puts `content` in place of each character of a class.
inline Json replace_json(const std::string& characters, const char* content) {
  return Json(
      Json::Object{{"type", "Replace"}, {"pattern", Json::Object{{"Regex", characters}}}, {"content", content}});
}

/// The normalizer as tokenizer.json has it. Where joiners are kept BertNormalizer does all but clean_text, and before
/// it two steps do that.
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

/// Reads what normalizer_json() writes. FormatError for anything else.
inline BertNormalizerOptions parse_normalizer(const Json& json) {
  const std::string& type = json.at("type").as_string();
  const bool is_sequence = type == "Sequence";
  core::check<FormatError>(is_sequence || type == "BertNormalizer", "found the type \"", type,
                           "\", BERT's is \"BertNormalizer\"");
  if (is_sequence)
    core::check<FormatError>(!json.at("normalizers").as_array().empty(), "normalizers: found none in the Sequence");
  const Json& bert = is_sequence ? json.at("normalizers").as_array().back() : json;
  core::check<FormatError>(bert.at("type") == Json("BertNormalizer"), "the last of the Sequence is ",
                           bert.at("type").dump(), ", expected \"BertNormalizer\"");
  core::check<FormatError>(is_sequence || bert.at("clean_text").as_bool(), "clean_text is false, BERT's is true");

  BertNormalizerOptions options{.handle_chinese_chars = bert.at("handle_chinese_chars").as_bool(),
                                .lowercase = bert.at("lowercase").as_bool(),
                                .keep_joiners = is_sequence};
  const Json* strip_accents = bert.find("strip_accents");
  if (strip_accents != nullptr && !strip_accents->is_null()) options.strip_accents = strip_accents->as_bool();
  core::check<FormatError>(!is_sequence || json == normalizer_json(options),
                           "the Sequence is another one than minibert "
                           "writes to keep joiners; BERT's normalizer is \"BertNormalizer\"");
  return options;
}

}  // namespace minibert::tokenizers::detail
