// Definitions of io/lines.hpp.
#pragma once

#include <minibert/io/lines.hpp>

namespace minibert {

namespace io::detail {

MINIBERT_INLINE index_t line_start(std::string_view text, index_t place) noexcept {
  if (place == 0 || place >= core::length(text)) return place;
  const std::size_t newline = text.find('\n', core::usize(place - 1));
  return newline == text.npos ? core::length(text) : static_cast<index_t>(newline) + 1;
}

}  // namespace io::detail

}  // namespace minibert
