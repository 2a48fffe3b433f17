// Definitions of io/json.hpp. RapidJSON reads and writes the text, and is included only here. RapidJSON passes numbers
// on as text, and std::from_chars converts them, because RapidJSON's own conversion has undefined behaviour for some
// exponents (CVE-2024-38517). The error messages are written here, because RapidJSON's messages do not say what was
// found.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <rapidjson/memorystream.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>

#include <minibert/core/utf8.hpp>
#include <minibert/io/detail/foreign_content.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>

namespace minibert {

MINIBERT_INLINE Json::Json() noexcept = default;
MINIBERT_INLINE Json::Json(std::nullptr_t) noexcept {}
MINIBERT_INLINE Json::Json(const Json& other) = default;
MINIBERT_INLINE Json::Json(Json&& other) noexcept = default;
MINIBERT_INLINE Json& Json::operator=(const Json& other) = default;
MINIBERT_INLINE Json& Json::operator=(Json&& other) noexcept = default;
MINIBERT_INLINE Json::~Json() = default;
MINIBERT_INLINE Json::Json(Boolean value) noexcept : value_(value.value) {}
MINIBERT_INLINE Json::Json(Integer value) noexcept : value_(value.value) {}
MINIBERT_INLINE Json::Json(double value) : value_(value) {}
MINIBERT_INLINE Json::Json(std::string value) : value_(std::move(value)) {}
MINIBERT_INLINE Json::Json(std::string_view value) : value_(std::string(value)) {}
MINIBERT_INLINE Json::Json(const char* value) : value_(std::string(value)) {}
MINIBERT_INLINE Json::Json(Array value) : value_(std::move(value)) {}
MINIBERT_INLINE Json::Json(Object value) : value_(std::move(value)) {}
MINIBERT_INLINE Json Json::array() { return Json(Array()); }
MINIBERT_INLINE Json Json::object() { return Json(Object()); }

template <class T>
const T& Json::as(std::string_view expected) const {
  const T* value = std::get_if<T>(&value_);
  if (value == nullptr) core::raise<FormatError>("expected ", expected, ", found ", describe());
  return *value;
}

MINIBERT_INLINE bool Json::as_bool() const { return as<bool>("true or false"); }
MINIBERT_INLINE std::int64_t Json::as_integer() const { return as<std::int64_t>("an integer"); }
MINIBERT_INLINE double Json::as_number() const {
  return is_integer() ? static_cast<double>(as_integer()) : as<double>("a number");
}
MINIBERT_INLINE const std::string& Json::as_string() const { return as<std::string>("a string"); }
MINIBERT_INLINE const Json::Array& Json::as_array() const& { return as<Array>("an array"); }
MINIBERT_INLINE Json::Array& Json::as_array() & { return const_cast<Array&>(std::as_const(*this).as_array()); }
MINIBERT_INLINE Json::Array Json::as_array() && { return std::move(as_array()); }
MINIBERT_INLINE const Json::Object& Json::as_object() const& { return as<Object>("an object"); }
MINIBERT_INLINE Json::Object& Json::as_object() & { return const_cast<Object&>(std::as_const(*this).as_object()); }
MINIBERT_INLINE Json::Object Json::as_object() && { return std::move(as_object()); }

MINIBERT_INLINE const Json* Json::find(std::string_view key) const noexcept {
  const Object* members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  const auto member = std::find_if(members->begin(), members->end(), [&](const Member& m) { return m.first == key; });
  return member == members->end() ? nullptr : &member->second;
}

MINIBERT_INLINE const Json& Json::at(std::string_view key) const {
  as_object();
  const Json* value = find(key);
  core::check<FormatError>(value != nullptr, "the key \"", key, "\" is missing");
  return *value;
}

MINIBERT_INLINE Json& Json::operator[](std::string_view key) {
  Object& members = as_object();
  if (const Json* value = find(key)) return const_cast<Json&>(*value);
  return members.emplace_back(std::string(key), Json()).second;
}

MINIBERT_INLINE Json Json::read(const std::filesystem::path& path) {
  return parse(MappedFile(path).view(), path.string());
}

MINIBERT_INLINE void Json::sort_keys() {
  if (is_array())
    for (Json& element : as_array()) element.sort_keys();
  if (!is_object()) return;
  Object& members = as_object();
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.first < b.first; });
  for (Member& member : members) member.second.sort_keys();
}

MINIBERT_INLINE bool Json::operator==(const Json& other) const { return value_ == other.value_; }

MINIBERT_INLINE std::string Json::describe() const {
  if (is_array()) return core::concat("an array of ", core::length(as_array()));
  if (is_object()) return core::concat("an object of ", core::length(as_object()));
  if (is_string() && !core::utf8::is_valid(as_string())) return "a string that is not UTF-8";
  if (is_string() && as_string().size() > 40) return "a string of " + std::to_string(as_string().size()) + " bytes";
  return dump();
}

namespace io::detail {

// The words that Python's json writes and reads for numbers that JSON lacks.
inline constexpr std::pair<std::string_view, double> kSpecialNumbers[] = {
    {"NaN", std::numeric_limits<double>::quiet_NaN()},
    {"Infinity", std::numeric_limits<double>::infinity()},
    {"-Infinity", -std::numeric_limits<double>::infinity()}};

/// Converts a number in JSON's grammar: to an integer if it is written as one and fits 64 bits, otherwise to the
/// nearest double. Returns null if the number is too large for a double.
MINIBERT_INLINE Json number(std::string_view text) {
  for (const auto& [word, value] : kSpecialNumbers)
    if (text == word) return value;
  const char *const begin = text.data(), *const end = begin + text.size();
  std::int64_t integer = 0;
  if (const auto result = std::from_chars(begin, end, integer); result.ptr == end && result.ec == std::errc())
    return integer;
  double real = 0;
  if (std::from_chars(begin, end, real).ec == std::errc()) return real;
  long double wide = 0;  // tells numbers that are too small from numbers that are too large
  const bool is_tiny = std::from_chars(begin, end, wide).ec == std::errc()
                           ? std::abs(wide) < 1
                           : text.find("e-") != text.npos || text.find("E-") != text.npos;
  return is_tiny ? Json(text[0] == '-' ? -0.0 : 0.0) : Json();
}

/// Returns the word for a number that is not finite.
MINIBERT_INLINE std::string_view special_number(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/// Builds a value from RapidJSON's events. Keeps the arrays and objects that have not ended in a vector, so deeply
/// nested text cannot overflow the call stack.
class JsonBuilder {
 public:
  using SizeType = rapidjson::SizeType;

  bool Null() { return add(Json()); }
  bool Bool(bool value) { return add(Json(value)); }
  // Under kParseNumbersAsStringsFlag, RapidJSON calls only RawNumber() for numbers, not the next five functions.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, SizeType length, bool) {
    const std::string_view written(text, length);
    Json value = number(written);
    if (value.is_null())
      error_ = core::concat("the number ", written, " is too large, expected a magnitude below 1.8e308");
    // RapidJSON also accepts Inf and -NaN as numbers.
    else if (!std::isfinite(value.as_number()) && written != special_number(value.as_number()))
      error_ = core::concat("found ", written, ", expected NaN, Infinity or -Infinity");
    return error_.empty() && add(std::move(value));
  }
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

/// An output stream for RapidJSON that writes to a string.
struct JsonOutput {
  using Ch = char;
  std::string text;
  void Put(char c) { text.push_back(c); }
  void Flush() {}
};

/// Returns "source:line:column". Lines and columns count from 1, columns in code points.
MINIBERT_INLINE std::string text_position(std::string_view source, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  return core::concat(source, ":", std::count(before.begin(), before.end(), '\n') + 1, ":",
                      core::utf8::count_characters(line) + 1);
}

/// Returns the text at the offset as an error message quotes it: up to 20 characters of its line.
MINIBERT_INLINE std::string quote_at(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return "the end of the text";
  const auto byte = static_cast<unsigned char>(text[offset]);
  if (byte == '\n' || byte == '\r') return "the end of the line";
  if (byte < 0x20 || byte == 0x7F) return core::concat("the control character number ", int{byte});
  std::string quote;
  const char *p = text.data() + offset, *const end = text.data() + text.size();
  for (int characters = 0; p != end && static_cast<unsigned char>(*p) >= 0x20; ++characters) {
    const core::utf8::Decoded next = core::utf8::decode(p, end);
    const std::string_view bytes(p, core::usize(next.bytes));
    if (!core::utf8::is_valid(bytes)) break;
    if (characters == 20) return core::concat("\"", quote, "...\"");
    quote += bytes;
    p += next.bytes;
  }
  return quote.empty() ? core::concat("the byte ", int{byte}, ", which is not UTF-8") : core::concat("\"", quote, "\"");
}

/// Returns what the JSON grammar expects at the place where RapidJSON found an error. found: the character at this
/// place.
MINIBERT_INLINE std::string_view expected_at(rapidjson::ParseErrorCode code, char found) {
  switch (code) {
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "the end";
    case rapidjson::kParseErrorObjectMissName:
      return found == '}' ? "a key in double quotes, or no comma before it" : "a key in double quotes";
    case rapidjson::kParseErrorObjectMissColon:
      return "':' after the key";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "',' or '}' after a member";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "',' or ']' after an element";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "four hexadecimal digits after \\u";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "a pair of surrogates, such as \\ud83d\\ude00";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "an escape in the string: \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u with four digits";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "a string that ends with a double quote";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "a string in UTF-8";
    case rapidjson::kParseErrorNumberTooBig:
      return "a number with a magnitude below 1.8e308";
    case rapidjson::kParseErrorNumberMissFraction:
      return "a digit after the point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "a digit in the exponent";
    default:
      return found == ']' ? "a value, or no comma before it" : "a value";
  }
}

/// Throws the error for text that RapidJSON refused at the offset. refusal: JsonBuilder::error(), which is empty if the
/// text has a syntax error.
[[noreturn]] MINIBERT_INLINE void raise_parse_error(std::string_view text, std::string_view source,
                                                    rapidjson::ParseErrorCode code, std::size_t offset,
                                                    const std::string& refusal) {
  if (const std::string_view foreign = foreign_content(text); !foreign.empty())
    core::raise<FormatError>(source, ": ", foreign);
  core::check<FormatError>(
      !text.starts_with("\xEF\xBB\xBF"), source,
      ":1:1: found a byte order mark, expected JSON without one; save the file as UTF-8 without BOM");
  core::check<FormatError>(!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF"), source,
                           ":1:1: found UTF-16, expected UTF-8; save the file as UTF-8");
  if (code == rapidjson::kParseErrorValueInvalid) {  // RapidJSON stops within a word, such as "None"
    const auto is_of_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
    while (offset > 0 && is_of_word(text[offset - 1])) --offset;
  }
  const std::string place = text_position(source, text, offset);
  if (!refusal.empty()) core::raise<FormatError>(place, ": ", refusal);
  core::raise<FormatError>(place, ": found ", quote_at(text, offset), ", expected ",
                           expected_at(code, offset < text.size() ? text[offset] : '\0'));
}

/// Returns the shortest text that reads back as the same double. As in Python, the text has a point or an exponent, and
/// numbers that are not finite are the words NaN, Infinity and -Infinity.
MINIBERT_INLINE std::string shortest(double value) {
  if (!std::isfinite(value)) return std::string(special_number(value));
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string number(text, end);
  if (number.find_first_of(".e") == std::string::npos) number += ".0";
  return number;
}

}  // namespace io::detail

MINIBERT_INLINE Json Json::parse(std::string_view text, std::string_view source) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseNanAndInfFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  io::detail::JsonBuilder builder;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.IsError()) io::detail::raise_parse_error(text, source, result.Code(), result.Offset(), builder.error());
  // RapidJSON stops at a NUL byte after the value as if the text ended there.
  if (stream.Tell() != text.size())
    io::detail::raise_parse_error(text, source, rapidjson::kParseErrorDocumentRootNotSingular, stream.Tell(), "");
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

MINIBERT_INLINE std::string Json::dump(int indent) const {
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
