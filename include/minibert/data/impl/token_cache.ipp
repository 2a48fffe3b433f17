// Definitions of data/token_cache.hpp.
#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/data/token_cache.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>

namespace minibert::data_detail {

MINIBERT_INLINE std::shared_ptr<const TokenStore> find_token_store(const std::filesystem::path& path, std::uint64_t key,
                                                                   const TextDatasetOptions& options) {
  if (!io::path_exists(path)) return nullptr;
  try {
    return std::make_shared<TokenStore>(path, key, options.progress_of("checking the cache"));
  } catch (const FormatError& error) {
    options.notice(core::concat(error.what(), "; tokenizing the text again"));
  } catch (const IoError&) {
    if (io::path_exists(path)) throw;  // otherwise another process has deleted it
  }
  return nullptr;
}

MINIBERT_INLINE void remove_unfinished(const std::filesystem::path& cache_dir) {
  for (const std::filesystem::path& path : io::list_folder(cache_dir)) {
    const std::string name = path.filename().string();
    if (!name.starts_with('.') || !name.ends_with(".tokens.tmp")) continue;
    try {
      const io::FileDescriptor file(path, O_WRONLY);
      std::error_code ignored;
      if (file.try_lock() && file.is_at(path)) std::filesystem::remove(path, ignored);
    } catch (const IoError&) {  // the file was renamed or removed meanwhile, or belongs to another user
    }
  }
}

MINIBERT_INLINE std::shared_ptr<const TokenStore> find_or_make_token_store(
    const TextDatasetOptions& options, const std::function<std::uint64_t()>& key,
    const std::function<std::uint64_t(const std::function<void(std::string_view)>& sink)>& write) {
  if (options.cache_dir.empty()) {
    std::string bytes;
    write([&](std::string_view part) { bytes += part; });
    return std::make_shared<TokenStore>(std::move(bytes));
  }
  io::make_directories(options.cache_dir);
  const std::uint64_t wanted = key();
  const std::filesystem::path path = options.cache_dir / (Fingerprint::to_hex(wanted) + ".tokens");
  const bool is_absent = !io::path_exists(path);
  if (!is_absent && !options.overwrite_cache)
    if (auto store = find_token_store(path, wanted, options)) return store;
  remove_unfinished(options.cache_dir);
  {
    bool has_waited = false;
    AtomicFile file(path, [&] {
      has_waited = true;
      options.notice(core::concat(path.string(), ": another process is writing this file; waiting for it to finish"));
    });
    if (is_absent || has_waited)  // another process may have written the file meanwhile
      if (auto store = find_token_store(path, wanted, options)) return store;
    core::check<IoError>(write([&](std::string_view part) { file.write(part); }) == wanted, path.string(),
                         ": not written, because the text changed while it was read; try again when no other program "
                         "writes to it");
    file.commit();
  }
  return std::make_shared<TokenStore>(path, wanted, options.progress_of("checking the cache"));
}

}  // namespace minibert::data_detail
