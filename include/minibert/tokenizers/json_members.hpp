// Reads members of a tokenizer's JSON files, so that an error names the member.
#pragma once

#include <string>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/io/json.hpp>

namespace minibert::tokenizers::detail {

/// Calls f and returns its result. If f throws a FormatError, puts "where: " in front of the message.
template <class F>
auto in_context(std::string_view where, F&& f) {
  try {
    return f();
  } catch (const FormatError& error) {
    core::raise<FormatError>(where, ": ", error.what());
  }
}

/// Returns the member `key` of the object, or nullptr if it is missing or null.
inline const Json* find_non_null(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// Returns the member `key` as the type that `as` converts it to: member(model, "unk_token", &Json::as_string).
/// @throws FormatError naming the key, if the member is missing or has another type
template <class R>
auto member(const Json& object, std::string_view key, R (Json::*as)() const) {
  const Json& value = object.at(key);
  return in_context(key, [&] { return (value.*as)(); });
}

/// Checks the "type" of a component of tokenizer.json. @throws FormatError if the type is not the expected one
inline void check_type(const Json& component, std::string_view expected) {
  const std::string type = member(component, "type", &Json::as_string);
  core::check<FormatError>(type == expected, "type is \"", type, "\", expected \"", expected,
                           "\"; only BERT tokenizers are supported",
                           expected == "BertPreTokenizer" ? ": train a new vocabulary with BertPreTokenizer" : "");
}

/// If the component of tokenizer.json is a Sequence with a single member, returns this member, which does the same as
/// the Sequence. Otherwise returns the component itself. `members` is the key of the list of members in a Sequence,
/// such as "normalizers".
inline const Json& without_sequence(const Json& component, std::string_view members) {
  const Json* type = component.find("type");
  if (type == nullptr || *type != Json("Sequence")) return component;
  const Json* list = component.find(members);
  const bool has_one = list != nullptr && list->is_array() && list->as_array().size() == 1;
  return has_one ? without_sequence(list->as_array().front(), members) : component;
}

}  // namespace minibert::tokenizers::detail
