// Counts the lines of a text that are not UTF-8, in order to warn the user: tokenizers drop invalid bytes without a
// message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/io/text_options.hpp>

namespace minibert::io::detail {

/// Counts the lines of one text that are not UTF-8 or have a NUL byte. The counts do not depend on the number of
/// threads or on where blocks end.
class Utf8Lines {
 public:
  /// source: the name of the text in messages. offset: the size in bytes of the byte order mark before the first line,
  /// or 0.
  explicit Utf8Lines(std::string source, index_t offset = 0);

  /// Counts the next lines. Uses all threads.
  void add(std::string_view lines);

  /// Call this at the end of the text. Reports lines that are not UTF-8 to options.notice.
  /// @throws FormatError if more than 1 % of the lines with text are not UTF-8, unless options.allow_invalid_utf8 is
  /// set
  void finish(const TextOptions& options) const;

 private:
  static constexpr index_t kChunk = 1 << 18;  // bytes

  struct Counts {
    index_t lines = 0, lines_with_text = 0, bytes = 0;
    index_t invalid = 0;   // lines that are not UTF-8 or have a NUL byte
    index_t with_nul = 0;  // lines that have a NUL byte
    // The index of the first line that is not UTF-8, the first invalid byte of this line, and the offset of this byte
    // in the text:
    index_t first_line = 0, first_offset = 0;
    unsigned char first_byte = 0;

    /// Adds the counts of the lines that follow.
    void add(const Counts& next);
  };

  static Counts count(std::string_view lines);

  std::string source_;
  std::vector<Counts> chunks_;
  Counts counts_;
};

}  // namespace minibert::io::detail

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/utf8_lines.ipp>
#endif
