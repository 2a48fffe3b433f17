// Decides whether a checkpoint belongs to this run: compares the arguments and the provenance of model, tokenizer and
// text.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

namespace train_detail {

/// Compares two JSON values, objects recursively.
/// @throws ValueError naming the first member that differs, unless it may change on resume
void check_same(const std::string& name, const Json* found, const Json* expected, const std::string& source);

}  // namespace train_detail

/// Returns the arguments and the provenance as one object. The provenance has names and values of the caller's choice,
/// such as fingerprints and settings.
Json run_identity(const TrainingArguments& args, const Json& provenance);

/// Checks that this run may resume the run that wrote the checkpoint. An argument missing in the checkpoint is newer
/// than the checkpoint, so its default is compared.
/// @throws ValueError naming the first value that differs, unless it may change on resume
void check_same_run(const Json& identity, Json checkpointed, const std::filesystem::path& checkpoint);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/run_identity.ipp>
#endif
