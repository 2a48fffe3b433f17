// The mean of the rows of each sequence, for sentence embeddings.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional {

/// y[b] = mean of x[t] over the rows t of sequence b; zero for an empty sequence. x: (N, D); y: (B, D).
/// The arrays of `sequences` must live until the backward pass. @throws ShapeError if the sequences do not fit x
template <class T>
Variable<T> mean_pool(Variable<T> x, const Sequences& sequences);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/mean_pool.ipp>
#endif
