// Computes the mean of the rows of each sequence. Sentence embeddings use this op.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional {

/// Computes y[b], the mean of x[t] over the rows t of sequence b. y[b] is zero for an empty sequence. x: (N, D) and y:
/// (B, D), where B is the number of sequences. The arrays of `sequences` must live until the backward pass has run.
/// @throws ShapeError if the sequences do not fit x
template <class T>
Variable<T> mean_pool(Variable<T> x, const Sequences& sequences);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/mean_pool.ipp>
#endif
