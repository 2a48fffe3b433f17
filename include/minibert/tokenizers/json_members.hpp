// Reads members of a tokenizer's JSON files, so that an error names the member.
#pragma once

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

/// Returns the member `key` as the type that `as` converts it to: member(model, "unk_token", &Json::as_string).
/// @throws FormatError naming the key, if the member is missing or has another type
template <class R>
auto member(const Json& object, std::string_view key, R (Json::*as)() const) {
  const Json& value = object.at(key);
  return in_context(key, [&] { return (value.*as)(); });
}

}  // namespace minibert::tokenizers::detail
