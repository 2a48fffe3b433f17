// The options of TextDataset.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <minibert/core/notice.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/text_options.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

/// Options for making examples from a text and for storing them. Designated initializers must keep this order.
struct TextDatasetOptions {
  /// Concatenates all lines and cuts the result every max_length tokens, instead of making one example per line.
  bool group_texts = false;
  /// Folder of the cache files. There is one file for each combination of text, tokenizer and settings. If empty, the
  /// examples are kept in memory.
  std::filesystem::path cache_dir = {};
  /// Tokenizes again and replaces the cache file, if there is one.
  bool overwrite_cache = false;
  /// The key of JSON lines, or the column of CSV files, that holds the text.
  std::string text_column_name = "text";
  /// If true, a text may have any number of lines that are not UTF-8, otherwise at most 1 %. Characters are lost where
  /// the text is not UTF-8.
  bool allow_invalid_utf8 = false;
  /// Receives the name of a task, such as "tokenizing", and its progress in bytes.
  std::function<void(std::string_view what, index_t done, index_t total)> progress = {};
  /// Receives messages for the user. Default: prints them to standard error.
  std::function<void(std::string_view)> notice = core::print_notice;

  /// Returns the options for reading the text.
  TextOptions text_options() const { return {text_column_name, allow_invalid_utf8, notice}; }

  /// Returns a function that reports the progress of the task `what`. The characters of `what` must outlive the
  /// function.
  Progress progress_of(std::string_view what) const {
    if (!progress) return {};
    return [progress = progress, what](index_t done, index_t total) { progress(what, done, total); };
  }
};

}  // namespace minibert
