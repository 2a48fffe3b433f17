// The exceptions of this library: one type per kind of fault. A message is one line, with the value that was found and
// the value that was expected.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <minibert/core/config.hpp>

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

/// A part of a message. A text is not copied, so it must outlive the Part.
struct Part {
  enum class Kind { text, character, integer, natural, real };

  Part(std::string_view value) : kind(Kind::text), text(value) {}
  Part(char value) : kind(Kind::character), character(value) {}
  Part(std::int64_t value) : kind(Kind::integer), integer(value) {}
  Part(std::uint64_t value) : kind(Kind::natural), natural(value) {}
  Part(double value) : kind(Kind::real), real(value) {}

  Kind kind;
  union {
    std::string_view text;
    char character;
    std::int64_t integer;
    std::uint64_t natural;
    double real;
  };
};

/// Converts a value to one of the types that Part takes. Other types, such as Shape, must have a to_string().
template <class V>
auto printable(const V& value) {
  if constexpr (std::same_as<V, char>)
    return value;
  else if constexpr (std::same_as<V, bool>)
    return std::string_view(value ? "true" : "false");
  else if constexpr (std::signed_integral<V>)
    return static_cast<std::int64_t>(value);
  else if constexpr (std::unsigned_integral<V>)
    return static_cast<std::uint64_t>(value);
  else if constexpr (std::floating_point<V>)
    return static_cast<double>(value);
  else if constexpr (std::convertible_to<const V&, std::string_view>)
    return std::string_view(value);
  else
    return to_string(value);
}

std::string join(std::initializer_list<Part> parts);

// Takes the parts as a list, so that the template is instantiated once for each type of exception, not once for each
// message.
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] void raise(std::initializer_list<Part> parts) {
  throw E(join(parts));
}

}  // namespace detail

/// Joins the parts into one string: text, characters, numbers, and types that have a to_string().
template <class... Parts>
std::string concat(const Parts&... parts) {
  return detail::join({detail::Part(detail::printable(parts))...});
}

/// Throws E with the joined parts as its message.
template <class E, class... Parts>
[[noreturn, gnu::always_inline]] inline void raise(const Parts&... parts) {
  detail::raise<E>({detail::Part(detail::printable(parts))...});
}

/// Throws E with the joined parts as its message if the condition is false.
template <class E, class... Parts>
[[gnu::always_inline]] inline void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    raise<E>(parts...);
}

}  // namespace core

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/core/impl/error.ipp>
#endif
