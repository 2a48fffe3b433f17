// Dropout layer.
#pragma once

#include <cstdint>

#include <minibert/autograd/variable.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>

namespace minibert::nn {

/// Applies dropout in training. Otherwise returns its input. The mask depends on the context's key, this layer's name,
/// and the row and feature of each element.
template <class T>
class Dropout {
 public:
  /// @throws ValueError unless 0 ≤ probability < 1
  Dropout(const Scope<T>& scope, double probability);

  /// x: (…, D). If x has one row per token or one row per sequence (as after pooling), the mask of a row depends on the
  /// token's position in its sequence, and on the index of the sequence in the batch of the whole optimizer step. So
  /// the mask stays the same if this batch is split into several forward passes. If x has another number of rows, the
  /// mask depends on the index of the row in x, and on the index of the forward pass's first sequence in the batch of
  /// the whole optimizer step.
  Variable<T> forward(Variable<T> x, const Context<T>& context) const;

  double p;
  std::uint64_t site;
};

}  // namespace minibert::nn

#ifndef MINIBERT_COMPILED
#include <minibert/nn/impl/dropout.ipp>
#endif
