// Takes the texts out of JSON lines and CSV files.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include <minibert/io/text_options.hpp>

namespace minibert::io::detail {

/// Takes one column out of a table, which arrives as blocks of whole lines.
class TextColumn {
 public:
  TextColumn() = default;
  TextColumn(const TextColumn&) = delete;
  TextColumn& operator=(const TextColumn&) = delete;
  virtual ~TextColumn() = default;

  /// Returns the texts of the records that end in these lines, one text per line. Replaces line breaks in a text by
  /// spaces, so that the text stays one line. The result is valid until the next call; it may refer to `lines`.
  /// @throws FormatError that names file and line if a record is damaged or lacks the text
  virtual std::string_view next(std::string_view lines) = 0;
  /// Call this at the end of the file. @throws FormatError if a record is not complete
  virtual void finish() const = 0;
};

/// Returns the object that takes the column options.text_column_name out of JSON lines or CSV. Returns null if `path`
/// is a file of plain lines (text_format()).
std::unique_ptr<TextColumn> make_text_column(const std::filesystem::path& path, const TextOptions& options);

}  // namespace minibert::io::detail

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/text_column.ipp>
#endif
