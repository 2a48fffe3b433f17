// How a text becomes examples, and where they are kept.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string_view>

#include <minibert/core/types.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

/// Designated initialisers must keep the order below.
struct TextDatasetOptions {
  /// Examples are not lines, but max_length tokens of all lines end to end.
  bool group_texts = false;
  /// The folder of the cache files, one for each text, tokenizer and setting; empty: the examples are kept in memory.
  std::filesystem::path cache_dir = {};
  /// Tokenise again even if there is such a file.
  bool overwrite_cache = false;
  /// Told what goes on ("tokenising") and how far it has come.
  std::function<void(std::string_view what, index_t done, index_t total)> progress = {};
  /// Told what a user should know. To standard error unless set.
  std::function<void(std::string_view)> notice = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };

  Progress progress_of(std::string_view what) const {
    if (!progress) return {};
    return [progress = progress, what](index_t done, index_t total) { progress(what, done, total); };
  }
};

}  // namespace minibert
