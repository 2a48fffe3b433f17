// Dropout layer.
#pragma once

#include <cstdint>

#include <minibert/nn/context.hpp>
#include <minibert/nn/scope.hpp>
#include <minibert/ops/dropout.hpp>

namespace minibert::nn {

/// Dropout in training, the identity otherwise. The mask is a function of the context's key, of this layer's place in
/// the model, and of which row and feature an element is.
template <class T>
class Dropout {
 public:
  /// @throws ValueError unless 0 ≤ probability < 1
  Dropout(const Scope<T>& scope, double probability) : p(probability), site(random::site(scope.name())) {
    core::check<ValueError>(p >= 0 && p < 1, scope.name(), ": the dropout probability is ", p,
                            ", expected at least 0 and less than 1");
  }

  /// x: (…, D). One row a token of the batch, or one row a sequence (pooled): then the mask depends on the sequence's
  /// number in the whole step's batch, and not on how the batch is cut into passes. Any other number of rows: the mask
  /// depends on the row's number in this pass.
  Variable<T> forward(Variable<T> x, const Context<T>& context) const {
    if (!context.training || p == 0) return x;
    const random::Key key = context.key.fold(site);
    const Sequences& s = context.sequences;
    const index_t rows = x.dim() == 0 || x.size(-1) == 0 ? 0 : x.numel() / x.size(-1);
    if (rows == s.num_tokens()) return functional::dropout(x, p, key, s);
    if (rows != s.count) return functional::dropout(x, p, s.count == 0 ? key : key.fold(s.global_rows[0]));
    index_t* one_each = context.tape.template scratch<index_t>(rows + 1);
    for (index_t i = 0; i <= rows; ++i) one_each[i] = i;
    return functional::dropout(x, p, key,
                               {.cu_seqlens = one_each, .global_rows = s.global_rows, .count = rows, .max_seqlen = 1});
  }

  double p;
  std::uint64_t site;
};

}  // namespace minibert::nn
