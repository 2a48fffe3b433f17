// The options of TextDataset.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string_view>

#include <minibert/core/types.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

/// The options of making examples from a text, and of storing them. Designated initializers must keep this order.
struct TextDatasetOptions {
  /// Concatenate all lines and cut them into examples of max_length tokens, instead of one example per line.
  bool group_texts = false;
  /// Folder of the cache files, one for each combination of text, tokenizer and settings. Empty: keep the examples in
  /// memory.
  std::filesystem::path cache_dir = {};
  /// Tokenize again, even if there is a cache file.
  bool overwrite_cache = false;
  /// Receives the name of a task, such as "tokenizing", and its progress.
  std::function<void(std::string_view what, index_t done, index_t total)> progress = {};
  /// Receives messages for the user. Default: prints them to standard error.
  std::function<void(std::string_view)> notice = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };

  /// Returns a function that reports the progress of the task `what`, which must outlive it.
  Progress progress_of(std::string_view what) const {
    if (!progress) return {};
    return [progress = progress, what](index_t done, index_t total) { progress(what, done, total); };
  }
};

}  // namespace minibert
