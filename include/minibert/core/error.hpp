// The exceptions of this library: one type per kind of fault. A message is one line, with the value that was found and
// the value that was expected.
#pragma once

#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace minibert {

/// Base class of the exceptions that this library throws.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument or a setting has an invalid value.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// The shapes of tensors do not fit the operation.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// The contents of a file do not follow its format.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// The operating system could not open, read, write or rename a file.
class IoError : public Error {
 public:
  using Error::Error;
};

namespace core {

namespace detail {

inline void append(std::string& out, char c) { out += c; }
template <std::same_as<bool> B>
void append(std::string& out, B b) {
  out += b ? "true" : "false";
}
template <class Text>
requires std::convertible_to<const Text&, std::string_view>
void append(std::string& out, const Text& text) { out += std::string_view(text); }
template <std::integral I>
requires(!std::same_as<I, bool>) void append(std::string& out, I value) { out += std::to_string(value); }
template <std::floating_point F>
void append(std::string& out, F value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  out += text;
}
/// Types that have a to_string(), such as Shape.
template <class V>
requires requires(const V& v) {
  { to_string(v) } -> std::convertible_to<std::string_view>;
}
void append(std::string& out, const V& value) { out += to_string(value); }

}  // namespace detail

/// Joins the parts to one string: text, characters, numbers, and types that have a to_string().
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

/// Throws E with the joined parts as its message.
template <class E, class... Parts>
[[noreturn]] void raise(const Parts&... parts) {
  throw E(concat(parts...));
}

/// Throws E with the joined parts as its message if the condition is false.
template <class E, class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    raise<E>(parts...);
}

}  // namespace core

}  // namespace minibert
