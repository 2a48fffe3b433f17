// Definitions of io/detail/utf8_lines.hpp.
#pragma once

#include <algorithm>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/utf8.hpp>
#include <minibert/io/detail/utf8_lines.hpp>
#include <minibert/io/lines.hpp>

namespace minibert::io::detail {

MINIBERT_INLINE Utf8Lines::Utf8Lines(std::string source, index_t offset) : source_(std::move(source)) {
  counts_.bytes = offset;
}

MINIBERT_INLINE void Utf8Lines::Counts::add(const Counts& next) {
  if (invalid == 0 && next.invalid > 0) {
    first_line = lines + next.first_line;
    first_offset = bytes + next.first_offset;
    first_byte = next.first_byte;
  }
  lines += next.lines;
  lines_with_text += next.lines_with_text;
  bytes += next.bytes;
  invalid += next.invalid;
  with_nul += next.with_nul;
}

MINIBERT_INLINE void Utf8Lines::add(std::string_view lines) {
  chunks_.resize(core::usize(num_chunks(core::length(lines), kChunk)));
  parallel_for_lines(lines, kChunk, [&](std::string_view piece, index_t i) { core::at(chunks_, i) = count(piece); });
  for (const Counts& chunk : chunks_) counts_.add(chunk);
}

MINIBERT_INLINE Utf8Lines::Counts Utf8Lines::count(std::string_view lines) {
  Counts counts;
  counts.bytes = core::length(lines);
  const auto is_text = [](std::string_view part) { return core::utf8::is_valid(part) && part.find('\0') == part.npos; };
  const bool is_all_text = is_text(lines);
  for_each_line(lines, [&](std::string_view line) {
    const bool begins_with_text = !line.empty() && static_cast<unsigned char>(line.front()) > ' ';
    counts.lines_with_text += begins_with_text || line.find_first_not_of(" \t\r\v\f") != line.npos;
    if (!is_all_text && !is_text(line)) {
      if (counts.invalid == 0) {
        const auto wrong = std::min(core::usize(core::utf8::find_invalid(line)), line.find('\0'));
        counts.first_line = counts.lines;
        counts.first_offset = line.data() - lines.data() + static_cast<index_t>(wrong);
        counts.first_byte = static_cast<unsigned char>(line[wrong]);
      }
      ++counts.invalid;
      counts.with_nul += line.find('\0') != line.npos;
    }
    ++counts.lines;
  });
  return counts;
}

MINIBERT_INLINE void Utf8Lines::finish(const TextOptions& options) const {
  if (counts_.invalid == 0) return;
  constexpr char kDigits[] = "0123456789ABCDEF";
  const std::string found = core::concat(source_, ": ", counts_.invalid, " of ", counts_.lines_with_text,
                                         counts_.lines_with_text == 1 ? " line is"
                                         : counts_.invalid == 1       ? " lines is"
                                                                      : " lines are",
                                         " not UTF-8", counts_.invalid == 1 ? ": line " : "; the first is line ",
                                         counts_.first_line + 1, ", with byte 0x", kDigits[counts_.first_byte / 16],
                                         kDigits[counts_.first_byte % 16], " at offset ", counts_.first_offset);
  const bool is_too_many = 100 * counts_.invalid > counts_.lines_with_text;
  if (is_too_many && !options.allow_invalid_utf8)
    core::raise<FormatError>(
        found, "; convert the text from its encoding with `iconv -f ENCODING -t UTF-8`, where ENCODING is ",
        2 * counts_.with_nul > counts_.invalid ? "UTF-16LE or UTF-16BE" : "CP1252, LATIN1 or another",
        "; or set allow_invalid_utf8 to lose characters where it is not UTF-8");
  if (options.notice) options.notice("warning: " + found + "; characters are lost there");
}

}  // namespace minibert::io::detail
