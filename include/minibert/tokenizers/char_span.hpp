// CharSpan: a range of characters of a text.
#pragma once

#include <minibert/core/types.hpp>

namespace minibert {

/// Characters [start, end) of a text. A character is a code point. Each U+FFFD that replaces invalid UTF-8 counts as
/// one character.
struct CharSpan {
  index_t start = 0, end = 0;
  friend bool operator==(const CharSpan&, const CharSpan&) = default;
};

}  // namespace minibert
