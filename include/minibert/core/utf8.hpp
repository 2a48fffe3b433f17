// UTF-8: reading, writing and checking it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <minibert/core/types.hpp>

namespace minibert::core::utf8 {

/// U+FFFD, which stands for bytes that are not UTF-8.
inline constexpr char32_t kReplacement = 0xFFFD;

/// A character read from UTF-8, and the number of bytes it took.
struct Decoded {
  char32_t character;
  index_t bytes;
};

constexpr bool is_ascii(char byte) noexcept { return static_cast<unsigned char>(byte) < 0x80; }

/// Returns true if no byte of the text is above 0x7F.
inline bool is_all_ascii(std::string_view text) noexcept {
  const char *p = text.data(), *const end = p + text.size();
  for (; end - p >= 8; p += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, p, 8);
    if ((bytes & 0x8080808080808080u) != 0) return false;
  }
  return std::all_of(p, end, is_ascii);
}

/// Reads the character at `p`, p < end. Invalid bytes are read as by Python's decode("utf-8", "replace"): a sequence
/// that breaks off gives one U+FFFD, and so does each byte that cannot start a sequence.
[[gnu::always_inline]] inline Decoded decode(const char* p, const char* end) noexcept {
  const auto byte = [p](index_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(p[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {kReplacement, 1};
  const index_t bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // The second byte's range excludes overlong forms, surrogates and characters beyond U+10FFFF.
  const std::uint32_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint32_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (end - p < 2 || byte(1) < low || byte(1) > high) return {kReplacement, 1};
  std::uint32_t character = ((first & (0x7Fu >> bytes)) << 6) | (byte(1) & 0x3F);
  for (index_t i = 2; i < bytes; ++i) {
    if (end - p <= i || (byte(i) & 0xC0) != 0x80) return {kReplacement, i};
    character = (character << 6) | (byte(i) & 0x3F);
  }
  return {character, bytes};
}

/// Appends a character as UTF-8. The character must be at most U+10FFFF and no surrogate; this is not checked.
inline void append(std::string& out, char32_t character) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_tail = [&](int shift) { put(0x80 | ((character >> shift) & 0x3F)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6));
    put_tail(0);
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12));
    put_tail(6);
    put_tail(0);
  } else {
    put(0xF0 | (character >> 18));
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

/// Calls f(char32_t) for each character of the text; invalid bytes give U+FFFD, as in decode().
template <class F>
void for_each_character(std::string_view text, F&& f) {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const Decoded decoded = decode(p, end);
    f(decoded.character);
    p += decoded.bytes;
  }
}

namespace detail {

using Bytes = unsigned char __attribute__((vector_size(16)));

inline Bytes load_bytes(const char* p) noexcept {
  Bytes bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return bytes;
}

inline bool is_zero(const Bytes& bytes) noexcept {
  std::uint64_t halves[2];
  std::memcpy(halves, &bytes, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

/// Checks that the bytes p[0] … p[16·count − 1] are valid UTF-8 after the bytes p[-3] … p[-1]. Returns a vector that is
/// all zero if they are valid. Reports an incomplete character at the byte that follows it, so possibly only in the
/// next call.
template <int count>
inline Bytes find_invalid(const char* p) noexcept {
  Bytes invalid = {}, needs_more = {};
  for (int i = 0; i < count; ++i, p += sizeof(Bytes)) {
    const Bytes byte = load_bytes(p), before = load_bytes(p - 1);
    const auto is_continuation = (byte & 0xC0) == 0x80;
    const auto must_continue = (before >= 0xC0) | (load_bytes(p - 2) >= 0xE0) | (load_bytes(p - 3) >= 0xF0);
    invalid |= Bytes((is_continuation ^ must_continue) | ((before == 0xE0) & (byte < 0xA0)));
    needs_more |= Bytes((before >= 0xED) | ((before & 0xFE) == 0xC0));
  }
  if (is_zero(needs_more)) return invalid;
  // Also finds bytes that cannot start a character, overlong forms, surrogates, and characters beyond U+10FFFF. This
  // second loop is rarely needed: few texts have the first bytes that needs_more marks.
  p -= count * sizeof(Bytes);
  for (int i = 0; i < count; ++i, p += sizeof(Bytes)) {
    const Bytes byte = load_bytes(p), before = load_bytes(p - 1);
    invalid |= Bytes(((before & 0xFE) == 0xC0) | (before >= 0xF5) | ((before == 0xED) & (byte >= 0xA0)) |
                     ((before == 0xF0) & (byte < 0x90)) | ((before == 0xF4) & (byte >= 0x90)));
  }
  return invalid;
}

}  // namespace detail

/// Returns true if the whole text is valid UTF-8. Checks 64 bytes at a time, and skips 64 bytes of ASCII at a time.
inline bool is_valid(std::string_view text) noexcept {
  constexpr std::size_t kBefore = 3, kStep = sizeof(detail::Bytes), kBlock = 4 * kStep;
  const std::size_t size = text.size();
  char buffer[kBefore + kStep] = {};
  if (size > 0) std::memcpy(buffer + kBefore, text.data(), std::min(size, kStep));
  detail::Bytes invalid = detail::find_invalid<1>(buffer + kBefore);
  if (size >= kStep) {
    const char* const p = text.data();
    std::size_t i = kStep;
    for (; i + kBlock <= size; i += kBlock)
      if (!is_all_ascii(text.substr(i - kBefore, kBefore + kBlock))) invalid |= detail::find_invalid<4>(p + i);
    for (; i + kStep <= size; i += kStep) invalid |= detail::find_invalid<1>(p + i);
    // With zeros after the last bytes, find_invalid() also finds an incomplete character at the end.
    std::memset(buffer, 0, sizeof buffer);
    std::memcpy(buffer, p + i - kBefore, size - i + kBefore);
    invalid |= detail::find_invalid<1>(buffer + kBefore);
  }
  return detail::is_zero(invalid);
}

/// Returns the position of the first byte that is not part of a valid character, or the size of the text.
inline index_t find_invalid(std::string_view text) noexcept {
  const char *const begin = text.data(), *const end = begin + text.size();
  const char* p = begin;
  while (p != end) {
    const Decoded decoded = decode(p, end);
    const bool is_written = decoded.bytes == 3 && std::string_view(p, 3) == "\xEF\xBF\xBD";
    if (decoded.character == kReplacement && !is_written) break;
    p += decoded.bytes;
  }
  return p - begin;
}

/// Returns the number of characters of a valid text.
inline index_t count_characters(std::string_view text) noexcept {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

/// Returns the last character of a text that is not empty. Returns U+FFFD with one byte if that character is invalid,
/// or is itself U+FFFD.
inline Decoded last_character(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  for (index_t bytes = 1; bytes <= 4 && bytes <= core::length(text); ++bytes)
    if (const Decoded decoded = decode(end - bytes, end); decoded.bytes == bytes && decoded.character != kReplacement)
      return decoded;
  return {kReplacement, 1};
}

}  // namespace minibert::core::utf8
