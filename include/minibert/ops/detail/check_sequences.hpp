// Checks of sequences that every op makes before a kernel reads them.
#pragma once

#include <minibert/core/error.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional::detail {

/// @throws ShapeError unless the sequences cover n rows, end to end
void check_sequences(const char* op, const Sequences& sequences, index_t n);

/// @throws ShapeError unless both have the same number of sequences; ValueError for a sequence with queries and no key
void check_keys(const char* op, const Sequences& queries, const Sequences& keys);

/// @throws ValueError unless the sequences have the row numbers that dropout draws its masks from
void check_dropout_rows(const char* op, const Sequences& sequences);

}  // namespace minibert::functional::detail

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/check_sequences.ipp>
#endif
