// The cache of token stores, one file per store in a folder. A file's name is the fingerprint of the text, the
// tokenizer and the settings. So a change of any of them leads to another file, and an outdated store is never used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/text_dataset_options.hpp>
#include <minibert/data/token_store.hpp>

namespace minibert::data_detail {

/// Opens the store in file `path`. Returns null if the file does not exist or is damaged, or if its key is not `key`.
/// Reports a damaged file or a wrong key to options.notice.
std::shared_ptr<const TokenStore> find_token_store(const std::filesystem::path& path, std::uint64_t key,
                                                   const TextDatasetOptions& options);

/// Removes the unfinished stores of processes that were killed. Keeps unfinished stores that a process is still
/// writing: their files are locked.
void remove_unfinished(const std::filesystem::path& cache_dir);

/// Returns the store of a text. Without options.cache_dir, calls write() and keeps the store in memory. With
/// options.cache_dir, opens the file in this folder that is named after key(). Calls write() to make the file if it is
/// missing or damaged, or if options.overwrite_cache is set. If several processes need the same file, one writes it and
/// the others wait.
/// - key() reads the text and returns its key.
/// - write(sink) reads the text, passes the bytes of the store to sink, and returns the key of the text it has read.
/// @throws IoError if the file cannot be read or written
/// @throws IoError if key() and write() return different keys, because the text changed in between
std::shared_ptr<const TokenStore> find_or_make_token_store(
    const TextDatasetOptions& options, const std::function<std::uint64_t()>& key,
    const std::function<std::uint64_t(const std::function<void(std::string_view)>& sink)>& write);

}  // namespace minibert::data_detail

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_cache.ipp>
#endif
