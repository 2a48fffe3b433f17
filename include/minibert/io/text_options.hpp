// The options for reading text files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <minibert/core/notice.hpp>

namespace minibert {

/// Options for reading texts. Designated initializers must keep this order.
struct TextOptions {
  /// The key of JSON lines, or the column of CSV files, that holds the text.
  std::string text_column_name = "text";
  /// If true, a text is read even if more than 1 % of its lines are not UTF-8. Invalid bytes are lost.
  bool allow_invalid_utf8 = false;
  /// Receives warnings. Default: prints them to standard error.
  std::function<void(std::string_view)> notice = core::print_notice;
};

/// The format of a text file: what a record is, and where its text is.
enum class TextFormat { lines, json_lines, csv };

/// Returns the format of a text file by the end of its name: json_lines for .jsonl, .ndjson and .json, csv for .csv,
/// otherwise lines. Ignores case, and a final .gz, .gzip, .zst or .zstd.
TextFormat text_format(const std::filesystem::path& path);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/text_options.ipp>
#endif
