// Definitions of nn/dropout.hpp.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/nn/dropout.hpp>
#include <minibert/ops/dropout.hpp>

namespace minibert::nn {

template <class T>
Dropout<T>::Dropout(const Scope<T>& scope, double probability) : p(probability), site(random::site(scope.name())) {
  core::check<ValueError>(p >= 0 && p < 1, scope.name(), ": the dropout probability is ", p,
                          ", expected at least 0 and less than 1");
}

template <class T>
Variable<T> Dropout<T>::forward(Variable<T> x, const Context<T>& context) const {
  if (!context.training || p == 0) return x;
  const random::Key key = context.key.fold(site);
  const Sequences& s = context.sequences;
  const index_t rows = x.shape().rows();
  if (rows == s.num_tokens()) return functional::dropout(x, p, key, s);
  if (rows != s.count) return functional::dropout(x, p, s.count == 0 ? key : key.fold(s.global_rows[0]));
  index_t* row_offsets = context.tape.template scratch<index_t>(rows + 1);
  for (index_t i = 0; i <= rows; ++i) row_offsets[i] = i;
  return functional::dropout(x, p, key,
                             {.cu_seqlens = row_offsets, .global_rows = s.global_rows, .count = rows, .max_seqlen = 1});
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class Dropout<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::nn
