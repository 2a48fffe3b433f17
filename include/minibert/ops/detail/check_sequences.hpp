// Checks the sequences that are passed to an op, before a kernel reads them. `op` is the name of the op, for messages.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional::detail {

/// Checks that the sequences cover n rows, end to end. @throws ShapeError otherwise
void check_sequences(const char* op, const Sequences& sequences, index_t n);

/// Checks that queries and keys fit together.
/// @throws ShapeError unless both have the same number of sequences; ValueError if a sequence has queries but no key
void check_keys(const char* op, const Sequences& queries, const Sequences& keys);

/// Checks that sequences.global_rows is set. Dropout computes its masks from these indices. @throws ValueError
/// otherwise
void check_dropout_rows(const char* op, const Sequences& sequences);

}  // namespace minibert::functional::detail

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/check_sequences.ipp>
#endif
