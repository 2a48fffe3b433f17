// BertPreTokenizer: splits normalized text into words.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <minibert/core/types.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/tokenizers/unicode.hpp>

namespace minibert {

/// Splits a text as Hugging Face's BertPreTokenizer does. Splits at white space, and drops the white space. Splits
/// before and after each punctuation character, so that the character becomes a word of its own.
class BertPreTokenizer {
 public:
  /// Calls f(std::string_view) for each word, in order. The words are views of `text` and never empty.
  template <class F>
  void for_each_word(std::string_view text, F&& f) const {
    const char* const end = text.data() + text.size();
    const auto emit = [&](const char* word_begin, const char* word_end) {
      if (word_begin != word_end) f(std::string_view(word_begin, static_cast<std::size_t>(word_end - word_begin)));
    };
    const char* word = text.data();  // start of the current word
    for (const char* p = word; p != end;) {
      const Character character = next(p, end);
      const char* const after = p + character.bytes;
      if (character.kind != Kind::kWordPart) {
        emit(word, p);
        if (character.kind == Kind::kPunctuation) emit(p, after);
        word = after;
      }
      p = after;
    }
    emit(word, end);
  }

 private:
  enum class Kind : std::uint8_t { kWordPart, kWhitespace, kPunctuation };

  struct Character {
    Kind kind;
    index_t bytes;
  };

  static Kind kind_of(char32_t c) noexcept {
    if (unicode::is_whitespace(c)) return Kind::kWhitespace;
    return unicode::is_punctuation(c) ? Kind::kPunctuation : Kind::kWordPart;
  }

  Character next(const char* p, const char* end) const noexcept {
    if (core::utf8::is_ascii(*p)) return {ascii_kinds_[static_cast<unsigned char>(*p)], 1};
    const core::utf8::Decoded decoded = core::utf8::decode(p, end);
    return {kind_of(decoded.character), decoded.bytes};
  }

  static std::array<Kind, 128> ascii_kinds() noexcept {
    std::array<Kind, 128> kinds{};
    for (char32_t c = 0; c < 128; ++c) kinds[c] = kind_of(c);
    return kinds;
  }

  std::array<Kind, 128> ascii_kinds_ = ascii_kinds();
};

}  // namespace minibert
