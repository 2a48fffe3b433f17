// The lines of a text. Only \n ends a line.
#pragma once

#include <algorithm>
#include <string_view>

#include <minibert/core/parallel.hpp>
#include <minibert/core/types.hpp>

namespace minibert {

/// Calls f(line) for each line, without its \n. After a \n at the end of the text there is no empty line.
template <class F>
void for_each_line(std::string_view text, F&& f) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    f(line);
  }
}

namespace io::detail {

/// Returns the first start of a line at or after `place`, or the end of the text.
index_t line_start(std::string_view text, index_t place) noexcept;

}  // namespace io::detail

/// Cuts the text into num_chunks(length(text), grain) pieces of whole lines. A piece has about `grain` bytes and may be
/// empty. Calls f(piece, index of the piece) for each piece, in any order and on any thread. Rethrows the exception of
/// the first piece that failed.
template <class F>
void parallel_for_lines(std::string_view text, index_t grain, F&& f) {
  parallel_for_throwing(core::length(text), grain, [&](index_t begin, index_t end) {
    // Searches only up to `end`: otherwise every piece of a very long line would search the line to its end.
    const index_t from = io::detail::line_start(text.substr(0, core::usize(end)), begin);
    const index_t to = from < end ? io::detail::line_start(text, end) : from;
    f(text.substr(core::usize(from), core::usize(to - from)), begin / grain);
  });
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/lines.ipp>
#endif
