// Definitions of ops/cross_entropy.hpp.
#pragma once

#include <algorithm>

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/cross_entropy.hpp>
#include <minibert/kernels/reduce.hpp>
#include <minibert/ops/cross_entropy.hpp>

namespace minibert::functional {

template <class T>
Variable<T> cross_entropy(Variable<T> logits, std::span<const token_id> labels, std::optional<index_t> num_items,
                          token_id ignore_index) {
  core::check<ShapeError>(logits.dim() == 2 && logits.size(0) == core::length(labels),
                          "cross_entropy: logits of shape ", logits.shape(), " for ", labels.size(),
                          " labels, expected (", labels.size(), ", classes)");
  const index_t n = logits.size(0), d = logits.size(1);
  for (index_t i = 0; i < n; ++i)
    core::check<ValueError>(
        core::at(labels, i) == ignore_index || (core::at(labels, i) >= 0 && core::at(labels, i) < d),
        "cross_entropy: label ", core::at(labels, i), " of row ", i, ", expected 0 to ", d - 1, ", or ignore_index, ",
        ignore_index);
  const index_t items = num_items.value_or(n - std::count(labels.begin(), labels.end(), ignore_index));
  core::check<ValueError>(items >= 0, "cross_entropy: num_items is ", items, ", expected at least 0");
  Op<T> op("cross_entropy", logits.tape());
  const Input<T> in = op.input(logits);
  const token_id* kept = op.tape().keep(labels);
  T* lse = op.tape().scratch(n);
  T* losses = op.tape().workspace(n);
  kernels::cross_entropy_forward(losses, lse, in.data(), kept, ignore_index, n, d);
  *op.output(Shape{}) = items == 0 ? T{0} : static_cast<T>(kernels::sum(losses, n) / static_cast<double>(items));
  return op.record([=](const T* dloss, Gradients<T>& g) {
    if (items == 0) return g.none(in);
    kernels::cross_entropy_backward(g.slot(in), in.data(), lse, kept, ignore_index, *dloss / static_cast<T>(items), n,
                                    d);
  });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                            \
  template Variable<T> cross_entropy(Variable<T> logits, std::span<const token_id> labels, \
                                     std::optional<index_t> num_items, token_id ignore_index);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
