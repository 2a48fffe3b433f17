// Softmax over the last dimension, as torch.nn.functional.softmax(x, dim=-1).
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/softmax.hpp>

namespace minibert::functional {

/// y = eˣ / Σ eˣ over the last dimension. x: (…, D). @throws ShapeError for a scalar
template <class T>
Variable<T> softmax(Variable<T> x) {
  core::check<ShapeError>(x.dim() >= 1, "softmax: input of shape ", x.shape(), ", expected at least one dimension");
  const index_t d = x.size(-1), n = d == 0 ? 0 : x.numel() / d;
  Op<T> op("softmax", x.tape());
  const Input<T> in = op.input(x);
  T* y = op.output(x.shape());
  kernels::softmax_forward(y, in.data(), n, d);
  return op.record([=](const T* dy, Gradients<T>& g) { kernels::softmax_backward(g.slot(in), dy, y, n, d); });
}

}  // namespace minibert::functional
