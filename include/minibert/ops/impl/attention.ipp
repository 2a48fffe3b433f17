// Definitions of ops/attention.hpp.
#pragma once

#include <cmath>

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/op.hpp>
#include <minibert/kernels/attention.hpp>
#include <minibert/ops/attention.hpp>
#include <minibert/ops/detail/check_sequences.hpp>

namespace minibert::functional {

template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& queries, const Sequences& keys, const AttentionDropout& dropout) {
  core::check<ShapeError>(
      query.dim() == 2 && key.dim() == 2 && key.size(1) == query.size(1) && value.shape() == key.shape(),
      "attention: query, key and value have shapes ", query.shape(), ", ", key.shape(), " and ", value.shape(),
      ", expected (tokens, features), with equal features, and equal tokens for key and value");
  core::check<ShapeError>(num_heads > 0 && query.size(1) % num_heads == 0, "attention: num_heads is ", num_heads,
                          ", expected a positive divisor of ", query.size(1), ", the number of features");
  core::check<ValueError>(dropout.p >= 0 && dropout.p < 1, "attention: the dropout probability is ", dropout.p,
                          ", expected at least 0 and less than 1");
  detail::check_sequences("attention", queries, query.size(0));
  detail::check_sequences("attention", keys, key.size(0));
  detail::check_keys("attention", queries, keys);
  const kernels::AttentionShape shape{queries, keys, num_heads, query.size(1) / num_heads, query.size(1)};
  const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(shape.head_size)));
  const auto mask = kernels::DropoutMask::of(dropout.p, dropout.key);
  if (mask) detail::check_dropout_rows("attention", keys);
  const Precision precision = autocast::precision();
  Op<T> op("attention", query.tape());
  const Input<T> q = op.input(query), k = op.input(key), v = op.input(value);
  T* y = op.output(query.shape());
  T* lse = op.is_recorded() ? op.tape().scratch(num_heads * query.size(0)) : nullptr;
  const kernels::AttentionInputs<T> inputs{q.data(), k.data(), v.data(), scale, mask, shape};
  kernels::attention_forward(y, lse, inputs, op.tape().workspace(kernels::attention_workspace<T>(shape)), precision);
  return op.record([=](const T* dy, Gradients<T>& g) {
    // One variable may be query, key and value at once. Each of its gradients is then added to those for which slot()
    // was called before, so the slot() calls are in the order in which the kernel writes.
    const Sink<T> dv = g.slot(v);
    const Sink<T> dk = g.slot(k);
    const Sink<T> dq = g.slot(q);
    kernels::attention_backward({dq, dk, dv}, dy, y, lse, inputs,
                                g.tape().workspace(kernels::attention_workspace<T>(shape)), precision);
  });
}

template <class T>
Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,
                      const Sequences& sequences, const AttentionDropout& dropout) {
  return attention(query, key, value, num_heads, sequences, sequences, dropout);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                                     \
  template Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,          \
                                 const Sequences& queries, const Sequences& keys, const AttentionDropout& dropout); \
  template Variable<T> attention(Variable<T> query, Variable<T> key, Variable<T> value, index_t num_heads,          \
                                 const Sequences& sequences, const AttentionDropout& dropout);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
