// Definitions of io/model_folder.hpp.
#pragma once

#include <algorithm>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/model_folder.hpp>

namespace minibert::io {

namespace detail {

MINIBERT_INLINE bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Returns true for NAME and OWNER/NAME in the letters that the Hugging Face Hub allows.
MINIBERT_INLINE bool is_hub_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != text.npos) {
    const std::string_view name = text.substr(slash + 1);
    return name.find('/') == name.npos && is_hub_name(text.substr(0, slash)) && is_hub_name(name);
  }
  return !text.empty() && text.size() <= 96 && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

/// Returns the end of the error message for a folder that does not exist: the way out. May be empty.
MINIBERT_INLINE std::string missing_folder_advice(const std::filesystem::path& folder) {
  const std::string name = folder.string();
  if (name.starts_with('~'))
    return "; the shell expands ~ only at the beginning of a word, write the whole path of the home folder";
  // "runs/model" in an existing folder "runs" is a path with a typing error, not a model of the owner "runs".
  std::error_code ignored;
  const bool has_parent = folder.has_parent_path() && std::filesystem::exists(folder.parent_path(), ignored);
  if (has_parent || !is_hub_name(name)) return "";
  return core::concat(
      "; models are not fetched by their names on the Hugging Face Hub: if this is one, "
      "download it (pip install huggingface_hub) with: hf download ",
      name, " --local-dir ", name);
}

}  // namespace detail

MINIBERT_INLINE void check_model_folder(const std::filesystem::path& folder, std::string_view expected) {
  core::check<IoError>(path_exists(folder), folder.string(), ": found no such folder, expected ", expected, " in it",
                       detail::missing_folder_advice(folder));
  std::error_code ignored;
  core::check<IoError>(std::filesystem::is_directory(folder, ignored), folder.string(),
                       ": is a file, expected a folder with ", expected, " in it");
  // A folder copied from the Hub's cache with cp -r has links to files that were not copied.
  for (const char* name : {"config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json",
                           "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"}) {
    const std::filesystem::path path = folder / name;
    if (std::filesystem::is_symlink(path, ignored) && !std::filesystem::exists(path, ignored))
      core::raise<IoError>(path.string(), ": is a link to ", std::filesystem::read_symlink(path, ignored).string(),
                           ", which does not exist; copy the folder with its files (cp -rL)");
  }
}

MINIBERT_INLINE std::string subfolder_advice(const std::filesystem::path& folder, std::string_view file) {
  std::error_code error;
  std::string best;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (entry.depth() == 2) entry.disable_recursion_pending();
    if (entry.depth() == 0 || entry->path().filename() != file) continue;
    const std::string found = entry->path().parent_path().string();
    if (std::pair(found.size(), found) > std::pair(best.size(), best)) best = found;
  }
  return best.empty() ? "" : core::concat("; the folder ", best, " has one");
}

MINIBERT_INLINE std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kSafe = "-_./+:,@%=";
  const bool safe = std::all_of(text.begin(), text.end(),
                                [&](char c) { return detail::is_letter_or_digit(c) || kSafe.find(c) != kSafe.npos; });
  if (safe && !text.empty()) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace minibert::io
