// Folders of models and tokenizers: the error for one that does not exist.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <minibert/core/error.hpp>

namespace minibert::io {

/// Checks that a model's or tokenizer's folder exists. If the path could be the name of a model on the Hugging Face
/// Hub, such as bert-base-uncased, the error says that names are not fetched, and how to download the model.
/// expected: the files that the caller needs, such as "config.json".
/// @throws IoError if there is no folder of this name, or if one of the model's files in the folder is a broken link
void check_model_folder(const std::filesystem::path& folder, std::string_view expected);

/// Returns the end of an error message for a folder that lacks `file`: names a subfolder, at most two levels down, that
/// has the file. If there are several, such as checkpoint-600 and checkpoint-1000, names the one with the highest
/// number. Returns an empty string if no subfolder has the file.
std::string subfolder_advice(const std::filesystem::path& folder, std::string_view file);

/// Returns the text as one word of a POSIX shell. Adds quotes only if they are needed.
std::string shell_quoted(std::string_view text);

}  // namespace minibert::io

#ifndef MINIBERT_COMPILED
#include <minibert/io/impl/model_folder.ipp>
#endif
