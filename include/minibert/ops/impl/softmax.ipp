// Definitions of ops/softmax.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/softmax.hpp>
#include <minibert/ops/softmax.hpp>

namespace minibert::functional {

namespace detail {

/// Applies forward(y, x, n, d) to the n rows of d elements of x. The backward step is backward(dx, dy, y, n, d). Both
/// functions are stateless lambdas. `name` is the name of the op.
template <class T, class Forward, class Backward>
Variable<T> row_op(const char* name, Variable<T> x, Forward forward, Backward backward) {
  core::check<ShapeError>(x.dim() >= 1, name, ": input of shape ", x.shape(), ", expected at least one dimension");
  const index_t d = x.size(-1), n = d == 0 ? 0 : x.numel() / d;
  Op<T> op(name, x.tape());
  const Input<T> in = op.input(x);
  T* y = op.output(x.shape());
  forward(y, in.data(), n, d);
  return op.record([=](const T* dy, Gradients<T>& g) { backward(g.slot(in), dy, y, n, d); });
}

}  // namespace detail

template <class T>
Variable<T> softmax(Variable<T> x) {
  return detail::row_op(
      "softmax", x, [](T* y, const T* px, index_t n, index_t d) { kernels::softmax_forward(y, px, n, d); },
      [](Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) { kernels::softmax_backward(dx, dy, y, n, d); });
}

template <class T>
Variable<T> log_softmax(Variable<T> x) {
  return detail::row_op(
      "log_softmax", x, [](T* y, const T* px, index_t n, index_t d) { kernels::log_softmax_forward(y, px, n, d); },
      [](Sink<T> dx, const T* dy, const T* y, index_t n, index_t d) {
        kernels::log_softmax_backward(dx, dy, y, n, d);
      });
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                \
  template Variable<T> softmax(Variable<T> x); \
  template Variable<T> log_softmax(Variable<T> x);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
