// Decides whether a run may resume from a checkpoint: compares the arguments and the provenance (such as fingerprints
// of tokenizer and text) of both.
#pragma once

#include <filesystem>
#include <string>

#include <minibert/core/error.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/training_arguments.hpp>

namespace minibert {

namespace train_detail {

/// Compares the value `found` of this run with the value `expected` of the checkpoint. A null pointer means that the
/// value is missing. Compares objects recursively. `name` is the dotted path of the values, such as "a.b" for member b
/// of member a. `source` names the checkpoint in error messages.
/// @throws ValueError naming the first value that differs and may not change on resume
void check_same(const std::string& name, const Json* found, const Json* expected, const std::string& source);

}  // namespace train_detail

/// Returns one object with the arguments, the version of the data order (kDataOrder) and the provenance. The provenance
/// is an object with names and values of the caller's choice, such as fingerprints and settings.
Json run_identity(const TrainingArguments& args, const Json& provenance);

/// Checks that a run with this identity may resume from the checkpoint, whose identity is `checkpointed`. If the
/// checkpoint lacks an argument, because an older version of the library wrote it, uses the argument's default.
/// @throws ValueError naming the first value that differs and may not change on resume
void check_same_run(const Json& identity, Json checkpointed, const std::filesystem::path& checkpoint);

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/run_identity.ipp>
#endif
