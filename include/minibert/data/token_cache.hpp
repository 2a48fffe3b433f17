// Token stores as files in a folder, named by what they were made of: a stale one is never found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/text_dataset_options.hpp>
#include <minibert/data/token_store.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/file_descriptor.hpp>
#include <minibert/io/fingerprint.hpp>

namespace minibert::data_detail {

/// The store of that name and key, if there is one; a damaged one is named and made again.
inline std::shared_ptr<const TokenStore> find_token_store(const std::filesystem::path& path, std::uint64_t key,
                                                          const TextDatasetOptions& options) {
  if (!io::path_exists(path)) return nullptr;
  try {
    return std::make_shared<TokenStore>(path, key, options.progress_of("checking the cache"));
  } catch (const FormatError& error) {
    options.notice(core::concat(error.what(), "; it is made again"));
  } catch (const IoError&) {
    if (io::path_exists(path)) throw;  // else it was deleted meanwhile
  }
  return nullptr;
}

/// Removes what processes that were killed have left of the stores that they were writing.
inline void remove_unfinished(const std::filesystem::path& cache_dir) {
  for (const std::filesystem::path& path : io::list_folder(cache_dir)) {
    const std::string name = path.filename().string();
    if (!name.starts_with('.') || !name.ends_with(".tokens.tmp")) continue;
    try {
      const io::FileDescriptor file(path, O_WRONLY);
      std::error_code ignored;
      if (file.try_lock() && file.is_at(path)) std::filesystem::remove(path, ignored);
    } catch (const IoError&) {  // finished meanwhile, or another user's
    }
  }
}

/// The store that `write(sink)` writes, returning its key: kept in memory, or in a file of options.cache_dir, where it
/// is looked for first. `key()` is called for a file only. Of several processes that want one file, one writes it and
/// the others wait. IoError when the file cannot be written, or when the keys differ: the text has changed meanwhile.
template <class Key, class Write>
std::shared_ptr<const TokenStore> find_or_make_token_store(const TextDatasetOptions& options, Key&& key,
                                                           Write&& write) {
  if (options.cache_dir.empty()) {
    struct {
      std::string bytes;
      void write(std::string_view part) { bytes += part; }
    } memory;
    write(memory);
    return std::make_shared<TokenStore>(std::move(memory.bytes));
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
      options.notice(core::concat(path.string(), ": another process is writing it; waiting for that"));
    });
    if (is_absent || has_waited)  // it may have come meanwhile
      if (auto store = find_token_store(path, wanted, options)) return store;
    core::check<IoError>(write(file) == wanted, path.string(), ": not written, for the text changed while it was read");
    file.commit();
  }
  return std::make_shared<TokenStore>(path, wanted, options.progress_of("checking the cache"));
}

}  // namespace minibert::data_detail
