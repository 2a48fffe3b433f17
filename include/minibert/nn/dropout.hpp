// Dropout layer.
#pragma once

#include <cstdint>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>

namespace minibert::nn {

/// Applies dropout in training and is the identity otherwise. The mask depends on the context's key, this layer's name,
/// and the row and feature of each element.
template <class T>
class Dropout {
 public:
  /// @throws ValueError unless 0 ≤ probability < 1
  Dropout(const Scope<T>& scope, double probability);

  /// x: (…, D). If x has one row per token or one row per sequence (pooled), the mask depends on the sequence's number
  /// in the batch of the whole step, so it does not change when the batch is cut into passes. For any other number of
  /// rows, the mask depends on the row's number in this pass.
  Variable<T> forward(Variable<T> x, const Context<T>& context) const;

  double p;
  std::uint64_t site;
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/dropout.ipp>
#endif
