// Softmax and its logarithm over the last dimension, as torch.nn.functional.softmax(x, dim=-1) and log_softmax.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Computes y = eˣ / Σ eˣ over the last dimension. x: (…, D). @throws ShapeError for a scalar
template <class T>
Variable<T> softmax(Variable<T> x);

/// Computes y = x − log Σ eˣ over the last dimension. Does not overflow, however large x is. x: (…, D).
/// @throws ShapeError for a scalar
template <class T>
Variable<T> log_softmax(Variable<T> x);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/softmax.ipp>
#endif
