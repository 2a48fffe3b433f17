// JSON values and their text.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// A JSON value. Objects keep the order of their members. Integers and floating-point numbers are different types.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  /// The largest depth of nesting that parse() accepts. It is small enough for recursive code to visit or destroy a
  /// value.
  static constexpr index_t kMaxDepth = 256;

  Json() noexcept;
  Json(std::nullptr_t) noexcept;
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  Json(std::same_as<bool> auto value) : Json(Boolean{value}) {}
  template <std::integral I>
  requires(!std::same_as<I, bool>) Json(I value) : Json(Integer{checked(value)}) {}
  Json(double value);
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  Json(Array value);
  Json(Object value);
  static Json array();
  static Json object();

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const noexcept { return std::holds_alternative<bool>(value_); }
  bool is_integer() const noexcept { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const noexcept { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const noexcept { return std::holds_alternative<std::string>(value_); }
  bool is_array() const noexcept { return std::holds_alternative<Array>(value_); }
  bool is_object() const noexcept { return std::holds_alternative<Object>(value_); }

  // Return the value as the type in the function's name. @throws FormatError "expected a string, found 12" if the value
  // has another type
  bool as_bool() const;
  std::int64_t as_integer() const;
  double as_number() const;
  const std::string& as_string() const;
  // Called on a temporary, these return the contents by value, so `for (… : f().as_array())` is safe.
  const Array& as_array() const&;
  Array& as_array() &;
  Array as_array() &&;
  const Object& as_object() const&;
  Object& as_object() &;
  Object as_object() &&;

  /// Returns the value of this key, or nullptr if the key is missing or this is not an object. Searches linearly.
  const Json* find(std::string_view key) const noexcept;
  /// Returns the value of this key. @throws FormatError if the key is missing or this is not an object
  const Json& at(std::string_view key) const;
  /// Returns the value of this key. If the key is missing, appends it with the value null.
  /// @throws FormatError if this is not an object
  Json& operator[](std::string_view key);

  /// Reads one JSON text strictly: RFC 8259 in UTF-8, no key twice in an object, at most kMaxDepth levels. Beyond RFC
  /// 8259, reads the words NaN, Infinity and -Infinity, which Python's json writes for such numbers. source: the name
  /// of the text in error messages.
  /// @throws FormatError "source:line:column: found …, expected …" for any other text
  static Json parse(std::string_view text, std::string_view source);
  /// Reads a JSON file. @throws FormatError as for parse(), IoError if the file cannot be read
  static Json read(const std::filesystem::path& path);

  /// Returns the JSON text: compact if indent is negative, otherwise with line breaks and `indent` spaces per level.
  /// Doubles read back as the same bits. NaN and infinities are the words NaN, Infinity and -Infinity, as Python's json
  /// writes and reads them.
  /// @throws ValueError for strings that are not UTF-8
  std::string dump(int indent = -1) const;

  /// Sorts the members of this object and all nested objects by key, as Python's sort_keys does.
  void sort_keys();

  bool operator==(const Json& other) const;

 private:
  struct Boolean {
    bool value;
  };
  struct Integer {
    std::int64_t value;
  };
  explicit Json(Boolean value) noexcept;
  explicit Json(Integer value) noexcept;

  template <std::integral I>
  static std::int64_t checked(I value) {
    core::check<ValueError>(std::in_range<std::int64_t>(value), "json: ", value, " is too large, expected at most ",
                            std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(value);
  }

  template <class T>
  const T& as(std::string_view expected) const;
  /// Returns a short description of the value for error messages.
  std::string describe() const;
  template <class Writer>
  void write(Writer& writer) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/json.ipp>
#endif
