// JSON values and their text. RapidJSON reads and writes the text, and is included only here.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/io/file.hpp>

namespace minibert {

/// A JSON value. Objects keep the order of their members; integers and floating-point numbers stay apart.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  /// parse() refuses deeper text, so code that visits or destroys a value may recurse.
  static constexpr index_t kMaxDepth = 256;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(std::same_as<bool> auto value) : value_(value) {}
  template <std::integral I>
  requires(!std::same_as<I, bool>) Json(I value) : value_(static_cast<std::int64_t>(value)) {
    core::check<ValueError>(std::in_range<std::int64_t>(value), "json: ", value,
                            " is too large, expected a 64-bit signed integer");
  }
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  static Json array() { return Json(Array()); }
  static Json object() { return Json(Object()); }

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const noexcept { return std::holds_alternative<bool>(value_); }
  bool is_integer() const noexcept { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const noexcept { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const noexcept { return std::holds_alternative<std::string>(value_); }
  bool is_array() const noexcept { return std::holds_alternative<Array>(value_); }
  bool is_object() const noexcept { return std::holds_alternative<Object>(value_); }

  // Return the value as one type. @throws FormatError "expected a string, found 12" if it has another type
  bool as_bool() const { return as<bool>("true or false"); }
  std::int64_t as_integer() const { return as<std::int64_t>("an integer"); }
  double as_number() const { return is_integer() ? static_cast<double>(as_integer()) : as<double>("a number"); }
  const std::string& as_string() const { return as<std::string>("a string"); }
  // A temporary returns its contents by value, so `for (… : f().as_array())` is safe.
  const Array& as_array() const& { return as<Array>("an array"); }
  Array& as_array() & { return const_cast<Array&>(std::as_const(*this).as_array()); }
  Array as_array() && { return std::move(as_array()); }
  const Object& as_object() const& { return as<Object>("an object"); }
  Object& as_object() & { return const_cast<Object&>(std::as_const(*this).as_object()); }
  Object as_object() && { return std::move(as_object()); }

  /// Returns the member of this name, or nullptr if there is none or this is not an object. Searches linearly.
  const Json* find(std::string_view key) const noexcept {
    const Object* members = std::get_if<Object>(&value_);
    if (members == nullptr) return nullptr;
    const auto member = std::find_if(members->begin(), members->end(), [&](const Member& m) { return m.first == key; });
    return member == members->end() ? nullptr : &member->second;
  }
  /// Returns the member of this name. @throws FormatError naming the key, if it is missing
  const Json& at(std::string_view key) const {
    as_object();
    const Json* value = find(key);
    core::check<FormatError>(value != nullptr, "the key \"", key, "\" is missing");
    return *value;
  }
  /// Returns the member of this name; if it is missing, appends it as null. @throws FormatError if this is not an
  /// object
  Json& operator[](std::string_view key) {
    Object& members = as_object();
    if (const Json* value = find(key)) return const_cast<Json&>(*value);
    return members.emplace_back(std::string(key), Json()).second;
  }

  /// Reads one JSON text strictly: RFC 8259 in UTF-8, no key twice in an object, at most kMaxDepth levels.
  /// @throws FormatError "source:line:column: reason" for any other text
  static Json parse(std::string_view text, std::string_view source);
  /// Reads a JSON file. @throws FormatError as for parse(), IoError if the file cannot be read
  static Json read(const std::filesystem::path& path) { return parse(MappedFile(path).view(), path.string()); }

  /// Returns the text: compact, or with line breaks and `indent` spaces per level. Doubles read back as the same bits.
  /// @throws ValueError for NaN, infinities and strings that are not UTF-8
  std::string dump(int indent = -1) const;

  /// Sorts the members of this object and all nested objects by key, as Python's sort_keys does.
  void sort_keys() {
    if (is_array())
      for (Json& element : as_array()) element.sort_keys();
    if (!is_object()) return;
    Object& members = as_object();
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.first < b.first; });
    for (Member& member : members) member.second.sort_keys();
  }

  friend bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }

 private:
  template <class T>
  const T& as(std::string_view expected) const {
    const T* value = std::get_if<T>(&value_);
    if (value == nullptr) core::raise<FormatError>("expected ", expected, ", found ", describe());
    return *value;
  }

  /// Returns a short description for error messages.
  std::string describe() const {
    if (is_array()) return core::concat("an array of ", core::length(as_array()));
    if (is_object()) return core::concat("an object of ", core::length(as_object()));
    if (is_string() && as_string().size() > 40) return "a string of " + std::to_string(as_string().size()) + " bytes";
    return dump();
  }

  template <class Writer>
  void write(Writer& writer) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

namespace io::detail {

/// Builds a value from RapidJSON's events. It keeps the open containers on a stack of its own, so deep text cannot
/// overflow the call stack.
class JsonBuilder {
 public:
  using SizeType = rapidjson::SizeType;

  bool Null() { return add(Json()); }
  bool Bool(bool value) { return add(Json(value)); }
  bool Int(int value) { return add(Json(value)); }
  bool Uint(unsigned value) { return add(Json(value)); }
  bool Int64(std::int64_t value) { return add(Json(value)); }
  bool Uint64(std::uint64_t value) {
    return std::in_range<std::int64_t>(value) ? add(Json(value)) : add(Json(static_cast<double>(value)));
  }
  bool Double(double value) { return add(Json(value)); }
  bool RawNumber(const char*, SizeType, bool) { return false; }  // RapidJSON calls it only under a flag that is not set
  bool String(const char* text, SizeType length, bool) { return add(Json(std::string_view(text, length))); }
  bool Key(const char* text, SizeType length, bool) {
    open_.back().as_object().emplace_back(std::string(text, length), Json());
    return true;
  }
  bool StartObject() { return open(Json::object()); }
  bool StartArray() { return open(Json::array()); }
  bool EndObject(SizeType) { return has_unique_keys(open_.back().as_object()) && close(); }
  bool EndArray(SizeType) { return close(); }

  Json take() { return std::move(root_); }
  /// Returns why an event was refused, or an empty string.
  const std::string& error() const { return error_; }

 private:
  bool add(Json value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (open_.back().is_array())
      open_.back().as_array().push_back(std::move(value));
    else
      open_.back().as_object().back().second = std::move(value);
    return true;
  }
  bool open(Json container) {
    if (core::length(open_) == Json::kMaxDepth) {
      error_ = core::concat("nested deeper than ", Json::kMaxDepth, " levels");
      return false;
    }
    open_.push_back(std::move(container));
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }
  bool has_unique_keys(const Json::Object& members) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const Json::Member& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twin = std::adjacent_find(keys.begin(), keys.end());
    if (twin == keys.end()) return true;
    error_ = core::concat("the object that ends here has the key \"", *twin, "\" twice");
    return false;
  }

  Json root_;
  std::vector<Json> open_;
  std::string error_;
};

/// RapidJSON's output stream, writing to a string.
struct JsonOutput {
  using Ch = char;
  std::string text;
  void Put(char c) { text.push_back(c); }
  void Flush() {}
};

/// Returns "source:line:column". Lines and columns count from 1, columns in code points.
inline std::string text_position(std::string_view source, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  return core::concat(source, ":", std::count(before.begin(), before.end(), '\n') + 1, ":",
                      core::utf8::count_characters(line) + 1);
}

/// Returns the shortest text that reads back as the same double. As in Python, it has a point or an exponent.
/// @throws ValueError for NaN and infinities
inline std::string shortest(double value) {
  core::check<ValueError>(std::isfinite(value), "json: cannot write ", value, ", expected a finite number");
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string number(text, end);
  if (number.find_first_of(".e") == std::string::npos) number += ".0";
  return number;
}

}  // namespace io::detail

inline Json Json::parse(std::string_view text, std::string_view source) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  io::detail::JsonBuilder builder;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.IsError()) {
    const char* reason = builder.error().empty() ? GetParseError_En(result.Code()) : builder.error().c_str();
    core::raise<FormatError>(io::detail::text_position(source, text, result.Offset()), ": ", reason);
  }
  // RapidJSON stops at a NUL byte after the value as if the text ended there.
  if (stream.Tell() != text.size())
    core::raise<FormatError>(io::detail::text_position(source, text, stream.Tell()),
                             ": unexpected byte after the value");
  return builder.take();
}

template <class Writer>
void Json::write(Writer& writer) const {
  const auto put = [&](const std::string& text) {
    core::check<ValueError>(core::utf8::is_valid(text), "json: cannot write the string \"", text, "\", expected UTF-8");
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  };
  if (is_null()) {
    writer.Null();
  } else if (is_bool()) {
    writer.Bool(as_bool());
  } else if (is_integer()) {
    writer.Int64(as_integer());
  } else if (is_number()) {
    const std::string number = io::detail::shortest(as_number());
    writer.RawValue(number.data(), number.size(), rapidjson::kNumberType);
  } else if (is_string()) {
    put(as_string());
  } else if (is_array()) {
    writer.StartArray();
    for (const Json& element : as_array()) element.write(writer);
    writer.EndArray();
  } else {
    writer.StartObject();
    for (const Member& member : as_object()) {
      put(member.first);
      member.second.write(writer);
    }
    writer.EndObject();
  }
}

inline std::string Json::dump(int indent) const {
  io::detail::JsonOutput out;
  if (indent < 0) {
    rapidjson::Writer writer(out);
    write(writer);
  } else {
    rapidjson::PrettyWriter writer(out);
    writer.SetIndent(' ', static_cast<unsigned>(indent));
    write(writer);
  }
  return std::move(out.text);
}

}  // namespace minibert
