// Quick checks of files and folders. A program makes them before long work, so that it does not fail only at the end.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/io/model_folder.hpp>
#include <minibert/minibert.hpp>

/// Reads the beginning of each file. @throws Error naming the first file that cannot be opened or is not text
inline void check_readable(const std::vector<std::filesystem::path>& files, const minibert::TextOptions& text) {
  for (const std::filesystem::path& file : files) minibert::TextStream(file, text).next();
}

/// Reads the whole file. @throws Error naming it if it cannot be read or is not text
inline void check_text(const std::filesystem::path& file, const minibert::TextOptions& text) {
  minibert::for_each_block(std::vector{file}, {}, [](std::string_view, minibert::index_t) {},
                           {text.text_column_name, text.allow_invalid_utf8, /*notice=*/{}});
}

/// Checks that the folder that an option names exists, unless the option is not given (an empty path). The error
/// message says that the folder must contain `expected`, the name of a file.
/// @throws IoError naming the option and the folder
inline void check_folder(std::string_view option, const std::filesystem::path& folder, std::string_view expected) {
  if (folder.empty()) return;
  try {
    minibert::io::check_model_folder(folder, expected);
  } catch (const minibert::IoError& error) {
    minibert::core::raise<minibert::IoError>(option, ": ", error.what());
  }
}
