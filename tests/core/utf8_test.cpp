#include <minibert/core/utf8.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace minibert;
namespace utf8 = core::utf8;

namespace {

std::u32string decoded(std::string_view text) {
  std::u32string characters;
  utf8::for_each_character(text, [&](char32_t c) { characters += c; });
  return characters;
}

}  // namespace

TEST_CASE("every character survives encoding and decoding") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    utf8::append(text, c);
    const utf8::Decoded back = utf8::decode(text.data(), text.data() + text.size());
    if (back.character != c || back.bytes != core::length(text)) FAIL("U+", static_cast<std::uint32_t>(c));
  }
}

TEST_CASE("invalid UTF-8 gives one U+FFFD for each maximal part, as Python's 'replace'") {
  const std::u32string r(1, utf8::kReplacement);
  CHECK(decoded("a\x80z") == U"a" + r + U"z");              // a continuation byte alone
  CHECK(decoded("\xE0\xA4") == r);                          // cut short
  CHECK(decoded("\xE0\xA4z") == r + U"z");                  // cut short by ASCII
  CHECK(decoded("\xF0\x9F\x98") == r);                      // three of four bytes
  CHECK(decoded("\xC0\x80") == r + r);                      // overlong, two bytes
  CHECK(decoded("\xE0\x80\x80") == r + r + r);              // overlong, three bytes
  CHECK(decoded("\xED\xA0\x80") == r + r + r);              // a surrogate
  CHECK(decoded("\xF4\x90\x80\x80") == r + r + r + r);      // beyond U+10FFFF
  CHECK(decoded("\xF5\xFF") == r + r);                      // bytes that start nothing
  CHECK(decoded("\xE0\xA4\xE0\xA4\x85") == r + U"\u0905");  // cut short by the next character
}

TEST_CASE("is_valid tells a written U+FFFD from a broken sequence") {
  CHECK(utf8::is_valid(""));
  CHECK(utf8::is_valid("a\xEF\xBF\xBD\xE0\xA4\x85"));
  CHECK_FALSE(utf8::is_valid("\xEF\xBF"));
  CHECK_FALSE(utf8::is_valid("\xF0\x9F\x98"));  // a broken part of three bytes
  CHECK_FALSE(utf8::is_valid("\xFF"));
}

TEST_CASE("is_valid and find_invalid agree with decoding character by character, wherever the fault is") {
  const std::string parts[] = {"a",
                               "\n",
                               "\u00E9",
                               "\u0D3F",
                               "\U0001F600",
                               "\xEF\xBF\xBD",
                               "\xED\x9F\xBF",
                               "\xF4\x8F\xBF\xBF",
                               std::string(70, 'x')};
  const std::string faults[] = {"\xE9",
                                "\x80",
                                "\xC0\x80",
                                "\xC1\xBF",
                                "\xE0\x80\x80",
                                "\xED\xA0\x80",
                                "\xF0\x8F\xBF\xBF",
                                "\xF4\x90\x80\x80",
                                "\xF5\x80\x80\x80",
                                "\xFF",
                                "\xC3",
                                "\xE0\xA4",
                                "\xF0\x9F\x98"};
  for (std::size_t i = 0; i < 400; ++i) {
    std::string before, after;
    for (std::size_t k = 0; k < i % 40; ++k) before += parts[(i * 7 + k * k) % std::size(parts)];
    for (std::size_t k = 0; k < i / 10; ++k) after += parts[(i + k * 5) % std::size(parts)];
    CHECK(utf8::is_valid(before + after));
    CHECK(utf8::find_invalid(before + after) == core::length(before + after));
    for (const std::string& fault : faults) {
      const std::string text = before + fault + after;
      if (utf8::is_valid(text)) FAIL("fault ", i, " of ", text.size(), " bytes is not found");
      if (utf8::find_invalid(text) != core::length(before))
        FAIL("fault ", i, " is found at ", utf8::find_invalid(text));
    }
  }
}

TEST_CASE("characters are counted, and the last one is read backwards") {
  CHECK(utf8::count_characters("") == 0);
  CHECK(utf8::count_characters("a\u0D3F\U0001F600") == 3);
  CHECK(utf8::last_character("a\u0D3F").character == U'\u0D3F');
  CHECK(utf8::last_character("\u0D3Fa").bytes == 1);
  CHECK(utf8::last_character("a\xE0\xA4").character == utf8::kReplacement);
  CHECK(utf8::last_character("a\xE0\xA4").bytes == 1);
}

TEST_CASE("is_all_ascii looks at every byte, in and after the words of eight") {
  CHECK(utf8::is_all_ascii(""));
  std::string text(19, 'x');
  CHECK(utf8::is_all_ascii(text));
  for (char& c : text) {
    c = '\x80';
    CHECK_FALSE(utf8::is_all_ascii(text));
    c = 'x';
  }
}
