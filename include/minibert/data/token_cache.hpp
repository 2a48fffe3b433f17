// The cache of token stores: files in a folder. A file's name is the fingerprint of the text, the tokenizer and the
// settings, so an outdated store is never found.
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

/// Opens a store. Returns null if there is none, or if it is damaged; a notice names the damage.
std::shared_ptr<const TokenStore> find_token_store(const std::filesystem::path& path, std::uint64_t key,
                                                   const TextDatasetOptions& options);

/// Removes unfinished stores of processes that were killed. A file that is still being written is locked, and stays.
void remove_unfinished(const std::filesystem::path& cache_dir);

/// Returns the store that write(sink) writes. Without options.cache_dir, the store is in memory. Otherwise it is a file
/// in that folder, named after key(). write() is called only if there is no such file. If several processes need the
/// same file, one writes it and the others wait. write() returns the key of the text that it has read.
/// @throws IoError if the file cannot be read or written, or if the text has changed since key() read it: write() then
/// returns another key
std::shared_ptr<const TokenStore> find_or_make_token_store(
    const TextDatasetOptions& options, const std::function<std::uint64_t()>& key,
    const std::function<std::uint64_t(const std::function<void(std::string_view)>& sink)>& write);

}  // namespace minibert::data_detail

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/token_cache.ipp>
#endif
