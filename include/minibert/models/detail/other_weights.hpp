// The error for a folder whose weights are not in safetensors: names the file that was found, and says how to convert
// it.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/error.hpp>

namespace minibert::models::detail {

/// Throws the error for a folder without model.safetensors and model.safetensors.index.json. If the folder has weights
/// in another format, the error names their file. If transformers reads this format, the error contains a shell command
/// that converts the weights into a new folder and copies the tokenizer's files. The command loads the weights as the
/// class that config.json names, so that the weights of the heads are kept.
/// @throws FormatError if the folder has weights in another format
/// @throws IoError if the folder has no weights, or does not exist
[[noreturn]] void raise_no_safetensors(const std::filesystem::path& folder);

}  // namespace minibert::models::detail

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/other_weights.ipp>
#endif
