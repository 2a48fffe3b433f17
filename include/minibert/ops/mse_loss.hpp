// The mean squared error, as torch.nn.functional.mse_loss.
#pragma once

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>

namespace minibert::functional {

/// Returns Σ (input − target)² / N over all N elements, a scalar. Both arguments get gradients. For a target without a
/// gradient, use Tape::constant().
/// @throws ShapeError if the shapes differ or have no elements
template <class T>
Variable<T> mse_loss(Variable<T> input, Variable<T> target);

}  // namespace minibert::functional

#ifndef MINIBERT_COMPILED
#include <minibert/ops/impl/mse_loss.ipp>
#endif
