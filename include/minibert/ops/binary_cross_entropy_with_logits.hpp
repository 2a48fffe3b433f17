// Cross-entropy of binary labels, as torch.nn.functional.binary_cross_entropy_with_logits.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns the mean of −t·log σ(x) − (1 − t)·log(1 − σ(x)) over all elements, a scalar. x: the logits. t: the targets,
/// from 0 to 1, with the shape of the logits. Evaluates max(x, 0) − x·t + log(1 + e^−|x|), which is equal and does not
/// overflow. Both arguments get gradients. For targets without a gradient, use Tape::constant().
/// @throws ShapeError if the shapes differ or have no elements
template <class T>
Variable<T> binary_cross_entropy_with_logits(Variable<T> logits, Variable<T> targets);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/binary_cross_entropy_with_logits.ipp>
#endif
