#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include <minibert/core/random.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/json.hpp>

#include "support/error_of.hpp"
#include "support/test_data.hpp"

namespace {

using minibert::FormatError;
using minibert::index_t;
using minibert::Json;
using minibert::ValueError;
namespace core = minibert::core;
namespace random_numbers = minibert::random;

Json parse(std::string_view text) { return Json::parse(text, "t.json"); }

/// Returns the message of the error that reading the text throws.
std::string refusal(std::string_view text) {
  return minibert::testing::error_of<FormatError>([&] { parse(text); });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("a document comes back as it was, in order") {
  const std::string text = R"({"z":1,"a":[true,false,null,-2,1.5,"x"],"empty":{},"none":[],"සිංහල":"\"\\\n\u0001"})";
  CHECK(parse(text).dump() == text);
  CHECK(parse(parse(text).dump(2)) == parse(text));
}

TEST_CASE("the indented form is Python's") {
  CHECK(parse(R"({"a":[1,2],"b":{},"c":[]})").dump(2) ==
        "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST_CASE("integers and doubles stay apart and keep their bits") {
  CHECK(parse("9223372036854775807").as_integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse("-9223372036854775808").as_integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse("3").as_number() == 3.0);
  CHECK_FALSE(parse("3.0").is_integer());
  CHECK(parse("1000000000000000019884624838656").as_number() == 1e30);  // the model_max_length of many tokenizers
  CHECK_FALSE(parse("9223372036854775808").is_integer());
  CHECK(Json(1.0).dump() == "1.0");
  CHECK(Json(1e-12).dump() == "1e-12");
  CHECK(Json(0.1).dump() == "0.1");
  for (const double value : {5e-324, 1.7976931348623157e308, -0.0, 2.0 / 3.0, 0.30000000000000004, 123456789.123}) {
    const double back = parse(Json(value).dump()).as_number();
    CHECK(back == value);
    CHECK(std::signbit(back) == std::signbit(value));
  }
}

TEST_CASE("numbers at and beyond the limits of a double") {
  CHECK(parse("1e-400").as_number() == 0);
  CHECK(std::signbit(parse("-1e-99999999999").as_number()));
  CHECK(parse("0.000000000000001e-2147483639").as_number() == 0);  // undefined behaviour in RapidJSON, CVE-2024-38517
  CHECK(parse("2.4703282292062327e-324").as_number() == 0);        // just below half of the smallest double
  CHECK(parse("2.4703282292062328e-324").as_number() == 5e-324);
  CHECK(parse("1.7976931348623158e308").as_number() == std::numeric_limits<double>::max());
  CHECK(has(refusal("9.9e308"), "t.json:1:1: the number 9.9e308 is too large"));
  const std::string zeros(1000, '0'), long_texts[] = {"0." + zeros + "1e-2147483639", "1e-" + zeros + "9"};
  for (const std::string& text : {std::string("0e-2147483648"), std::string("1e-99999999999999999999"),
                                  std::string("-0e2147483648"), long_texts[0], long_texts[1]})
    CHECK_MESSAGE(refusal(text).find("is too large") == std::string::npos, text);
  for (const char* text : {"1e309", "-1e400", "1e99999999999", "1e2147483648", "1e-2147483649999e5"})
    CHECK_MESSAGE(refusal(text) != "accepted", text);
}

TEST_CASE("random numbers are read as the standard library reads them") {
  const random_numbers::Key key(7);
  for (std::uint32_t i = 0; i < 20000; ++i) {
    std::string text = key.below(2, i, 0) == 0 ? "" : "-";
    text += std::to_string(key.below(2000, i, 1));
    if (key.below(2, i, 2) == 0) text += "." + std::to_string(key.below(index_t{1} << 60, i, 3));
    if (key.below(2, i, 4) == 0) text += "e" + std::to_string(key.below(680, i, 5) - 340);
    const double expected = std::strtod(text.c_str(), nullptr);
    if (std::isinf(expected))
      CHECK_MESSAGE(refusal(text) != "accepted", text);
    else
      CHECK_MESSAGE(parse(text).as_number() == expected, text);
  }
}

TEST_CASE("damaged text never crashes") {
  const std::string whole = R"({"a": [1, -2.5e-3, true, null, "x\u00e9\n"], "b": {"c": "සිං", "d": []}})";
  const random_numbers::Key key(11);
  for (std::uint32_t i = 0; i < 20000; ++i) {
    std::string text = whole;
    for (index_t n = key.below(4, i, 0) + 1, k = 0; k < n; ++k) {
      const auto draw = static_cast<std::uint32_t>(3 * k + 1);
      const auto place = core::usize(key.below(core::length(text), i, draw));
      if (key.below(2, i, draw + 1) == 0)
        text[place] = static_cast<char>(key.below(256, i, draw + 2));
      else
        text.erase(place, 1);
    }
    try {
      const Json value = parse(text);
      CHECK(parse(value.dump()) == value);
    } catch (const FormatError& error) {
      CHECK(std::string_view(error.what()).starts_with("t.json:"));
    }
  }
}

TEST_CASE("NaN and infinities are the words of Python's json") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(Json(std::nan("")).dump() == "NaN");
  CHECK(Json(-std::nan("")).dump() == "NaN");
  CHECK(Json(infinity).dump() == "Infinity");
  CHECK(Json(Json::Array{-infinity, Json::Object{{"loss", infinity}}}).dump() == R"([-Infinity,{"loss":Infinity}])");
  CHECK(Json(Json::Object{{"loss", std::nan("")}}).dump(2) == "{\n  \"loss\": NaN\n}");
  CHECK(std::isnan(parse(" NaN ").as_number()));
  CHECK(parse("Infinity").as_number() == infinity);
  CHECK(parse(R"({"a":[-Infinity,1]})").at("a").as_array()[0].as_number() == -infinity);
  CHECK_THROWS_WITH_AS(parse("NaN").as_integer(), "expected an integer, found NaN", FormatError);
  for (const char* text : {"nan", "inf", "Inf", "-Inf", "-NaN", "+Infinity", "NaN5", "NaN.5", "Infinity1", "Infinite",
                           "Na", "-", "NaNe5", "{NaN:1}", "infinity", "INFINITY"})
    CHECK_MESSAGE(refusal(text) != "accepted", text);
  CHECK(refusal("[Inf]") == "t.json:1:2: found Inf, expected NaN, Infinity or -Infinity");
}

TEST_CASE("numbers and strings without a JSON form are refused") {
  CHECK_THROWS_AS(Json{std::numeric_limits<std::uint64_t>::max()}, ValueError);
  CHECK_THROWS_AS(Json("\xFF").dump(), ValueError);
}

TEST_CASE("access by another type says what was found") {
  CHECK_THROWS_WITH_AS(Json(12).as_string(), "expected a string, found 12", FormatError);
  CHECK_THROWS_WITH_AS(Json("x").as_integer(), "expected an integer, found \"x\"", FormatError);
  CHECK_THROWS_WITH_AS(Json(1.5).as_integer(), "expected an integer, found 1.5", FormatError);
  CHECK_THROWS_WITH_AS(Json().as_number(), "expected a number, found null", FormatError);
  CHECK_THROWS_WITH_AS(parse("[1,2]").as_object(), "expected an object, found an array of 2", FormatError);
  CHECK_THROWS_WITH_AS(parse(R"({"a":1})").at("b"), "the key \"b\" is missing", FormatError);
  CHECK_THROWS_WITH_AS(Json(1).at("b"), "expected an object, found 1", FormatError);
  CHECK_THROWS_WITH_AS(Json("\xFF").as_integer(), "expected an integer, found a string that is not UTF-8", FormatError);
}

TEST_CASE("objects are built in order and sorted on request") {
  Json object = Json::object();
  object["b"] = 1;
  object["a"] = Json::Array{1, "two", true, nullptr};
  object["b"] = 2.5;
  object["c"] = Json::Object{{"y", false}, {"x", Json::object()}};
  CHECK(object.dump() == R"({"b":2.5,"a":[1,"two",true,null],"c":{"y":false,"x":{}}})");
  object.sort_keys();
  CHECK(object.dump() == R"({"a":[1,"two",true,null],"b":2.5,"c":{"x":{},"y":false}})");
  CHECK(object.find("absent") == nullptr);
  CHECK(Json(1).find("absent") == nullptr);
}

TEST_CASE("the contents of a temporary outlive it") {
  int sum = 0;
  for (const Json& element : parse("[1, 2, 3]").as_array()) sum += static_cast<int>(element.as_integer());
  for (const Json::Member& member : parse(R"({"a": 4})").as_object())
    sum += static_cast<int>(member.second.as_integer());
  CHECK(sum == 10);
}

TEST_CASE("damage is refused with its place") {
  CHECK(has(refusal("{\n  \"a\": 1,\n  \"b\" 2\n}"), "t.json:3:7: "));
  CHECK(has(refusal("{\"සි\" 1}"), "t.json:1:7: "));  // columns count code points
  CHECK(has(refusal(""), "t.json:1:1: "));
  for (const char* text : {"{", "[1,]", "[1 2]", "tru", "\"open", "01", "+1", "1.", "1e999", "'a'", "{\"a\":1} x",
                           "// c\n1", "\"\\ud800\"", "\"\\x\"", "\"\xC3\x28\"", "\"\x01\"", "\xEF\xBB\xBF{}"})
    CHECK_MESSAGE(refusal(text) != "accepted", text);
  CHECK(refusal(std::string_view("1\0x", 3)) != "accepted");
  CHECK(has(refusal(R"({"a":1,"b":{"c":1,"c":2}})"), "the key \"c\" twice"));
}

TEST_CASE("an error says what was found, and what was expected") {
  CHECK(refusal("") == "t.json:1:1: found the end of the text, expected a value");
  CHECK(refusal("{\n  \"a\": 1,\n  \"b\" 2\n}") == "t.json:3:7: found \"2\", expected ':' after the key");
  CHECK(refusal("{'a': 1}") == "t.json:1:2: found \"'a': 1}\", expected a key in double quotes");
  CHECK(refusal("{\"a\": 1\n\"b\": 2}") == "t.json:2:1: found \"\"b\": 2}\", expected ',' or '}' after a member");
  CHECK(refusal("[1 2]") == "t.json:1:4: found \"2]\", expected ',' or ']' after an element");
  CHECK(refusal("[1,]") == "t.json:1:4: found \"]\", expected a value, or no comma before it");
  CHECK(refusal("{\"a\":1,}") == "t.json:1:8: found \"}\", expected a key in double quotes, or no comma before it");
  CHECK(refusal("{\"a\":}") == "t.json:1:6: found \"}\", expected a value");
  CHECK(refusal("{") == "t.json:1:2: found the end of the text, expected a key in double quotes");
  CHECK(refusal("{\"a\": True}") == "t.json:1:7: found \"True}\", expected a value");
  CHECK(refusal("[None, 1]") == "t.json:1:2: found \"None, 1]\", expected a value");
  CHECK(refusal("// a comment\n1") == "t.json:1:1: found \"// a comment\", expected a value");
  CHECK(refusal("1 and more of it after that") == "t.json:1:3: found \"and more of it after...\", expected the end");
  CHECK(refusal("[1.]") == "t.json:1:4: found \"]\", expected a digit after the point");
  CHECK(refusal("[1e]") == "t.json:1:4: found \"]\", expected a digit in the exponent");
  CHECK(has(refusal("1e309"), "found \"1e309\", expected a number with a magnitude below 1.8e308"));
  CHECK(has(refusal("\"open"), "expected a string that ends with a double quote"));
  CHECK(has(refusal("[\"a\nb\"]"), "found the end of the line, expected an escape in the string"));
  CHECK(has(refusal("\"\x01\""), "found the control character number 1, expected an escape"));
  CHECK(has(refusal("\"\\ud800\""), "expected a pair of surrogates"));
  CHECK(has(refusal("\"\\udc00\\ud800\""), "expected a pair of surrogates"));
  CHECK(has(refusal("\"\\u12g4\""), "expected four hexadecimal digits after \\u"));
  CHECK(has(refusal("\"th\xE9\""), "expected a string in UTF-8"));
  CHECK(has(refusal("\xE9"), "found the byte 233, which is not UTF-8, expected a value"));
  CHECK(refusal(std::string_view("1\0x", 3)) == "t.json:1:2: found the control character number 0, expected the end");
}

TEST_CASE("files in another form are named") {
  CHECK(has(refusal("\xEF\xBB\xBF{}"), "t.json:1:1: found a byte order mark"));
  CHECK(has(refusal(std::string_view("\xFF\xFE{\0}\0", 6)), "t.json:1:1: found UTF-16, expected UTF-8"));
  CHECK(has(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "run git lfs pull"));
  CHECK(has(refusal("<!DOCTYPE html>\n<html>"), "this is a web page"));
}

TEST_CASE("depth is limited, so that no text can exhaust the stack") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(refusal(nested(256)) == "accepted");
  CHECK(has(refusal(nested(257)), "nested deeper than 256 levels"));
  CHECK(has(refusal(std::string(10'000'000, '[')), "nested deeper"));
  std::string objects;
  for (int i = 0; i < 300; ++i) objects += "{\"a\":";
  CHECK(has(refusal(objects), "nested deeper"));
}

TEST_CASE("a file is read with its name in errors") {
  const minibert::testing::TemporaryDirectory folder;
  minibert::io::write_file(folder / "ok.json", R"({"a": 1})");
  CHECK(Json::read(folder / "ok.json").at("a").as_integer() == 1);
  minibert::io::write_file(folder / "bad.json", "{]");
  try {
    Json::read(folder / "bad.json");
    FAIL("accepted");
  } catch (const FormatError& error) {
    CHECK(has(error.what(), (folder / "bad.json").string() + ":1:2: "));
  }
}

}  // namespace
