// Definitions of io/text_options.hpp.
#pragma once

#include <algorithm>

#include <minibert/core/config.hpp>
#include <minibert/io/text_options.hpp>

namespace minibert {

MINIBERT_INLINE TextFormat text_format(const std::filesystem::path& path) {
  const auto extension = [](const std::filesystem::path& name) {
    std::string end = name.extension().string();
    std::transform(end.begin(), end.end(), end.begin(),
                   [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return end;
  };
  std::filesystem::path name = path.filename();
  std::string end = extension(name);
  if (end == ".gz" || end == ".gzip" || end == ".zst" || end == ".zstd") end = extension(name = name.stem());
  if (end == ".jsonl" || end == ".ndjson" || end == ".json") return TextFormat::json_lines;
  return end == ".csv" ? TextFormat::csv : TextFormat::lines;
}

}  // namespace minibert
