// Dropout layer.
#pragma once

#include <cstdint>

#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/ops/dropout.hpp>

namespace minibert::nn {

/// Applies dropout in training and is the identity otherwise. The mask depends on the context's key, this layer's name,
/// and the row and feature of each element.
template <class T>
class Dropout {
 public:
  /// @throws ValueError unless 0 ≤ probability < 1
  Dropout(const Scope<T>& scope, double probability) : p(probability), site(random::site(scope.name())) {
    core::check<ValueError>(p >= 0 && p < 1, scope.name(), ": the dropout probability is ", p,
                            ", expected at least 0 and less than 1");
  }

  /// x: (…, D). If x has one row per token or one row per sequence (pooled), the mask depends on the sequence's number
  /// in the batch of the whole step, so it does not change when the batch is cut into passes. For any other number of
  /// rows, the mask depends on the row's number in this pass.
  Variable<T> forward(Variable<T> x, const Context<T>& context) const {
    if (!context.training || p == 0) return x;
    const random::Key key = context.key.fold(site);
    const Sequences& s = context.sequences;
    const index_t rows = x.dim() == 0 || x.size(-1) == 0 ? 0 : x.numel() / x.size(-1);
    if (rows == s.num_tokens()) return functional::dropout(x, p, key, s);
    if (rows != s.count) return functional::dropout(x, p, s.count == 0 ? key : key.fold(s.global_rows[0]));
    index_t* row_offsets = context.tape.template scratch<index_t>(rows + 1);
    for (index_t i = 0; i <= rows; ++i) row_offsets[i] = i;
    return functional::dropout(
        x, p, key, {.cu_seqlens = row_offsets, .global_rows = s.global_rows, .count = rows, .max_seqlen = 1});
  }

  double p;
  std::uint64_t site;
};

}  // namespace minibert::nn
