// Dropout. The backward pass generates the mask again, so no mask is stored.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::functional {

/// Zeroes each element with probability p and scales the others by 1/(1 − p). x: (…, D). `sequences` says which rows of
/// x belong to which sequence. Whether an element is zeroed depends only on the key, the index of its feature, its
/// row's position in the sequence, and the index of the sequence in the batch of the whole optimizer step, which is
/// given in sequences.global_rows. Returns x itself for p = 0. The arrays of `sequences` must live until the backward
/// pass has run.
/// @throws ValueError unless 0 ≤ p < 1, or if sequences.global_rows is missing; ShapeError if the sequences do not fit
/// x
template <class T>
Variable<T> dropout(Variable<T> x, double p, random::Key key, const Sequences& sequences);

/// Applies dropout to rows that belong to no sequence. Whether an element is zeroed depends only on the key and on the
/// indices of its row and feature. x: (…, D).
/// @throws ValueError unless 0 ≤ p < 1; ShapeError for a scalar
template <class T>
Variable<T> dropout(Variable<T> x, double p, random::Key key);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/dropout.ipp>
#endif
