// Definitions of ops/layer_norm.hpp.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/layer_norm.hpp>
#include <minibert/ops/layer_norm.hpp>

namespace minibert::functional {

namespace detail {

/// Normalizes x + *residual, or x if `residual` is null.
template <class T>
Variable<T> layer_norm(Variable<T> x, const Variable<T>* residual, Variable<T> weight, Variable<T> bias, T eps) {
  core::check<ShapeError>(x.dim() >= 1, "layer_norm: input of shape ", x.shape(), ", expected at least one dimension");
  const index_t d = x.size(-1), n = d == 0 ? 0 : x.numel() / d;  // x: (…, d)
  core::check<ShapeError>(weight.shape() == Shape{d} && bias.shape() == Shape{d}, "layer_norm: weight of shape ",
                          weight.shape(), " and bias of shape ", bias.shape(), ", expected (", d,
                          ") for input of shape ", x.shape());
  core::check<ShapeError>(residual == nullptr || residual->shape() == x.shape(), "layer_norm: residual of shape ",
                          residual == nullptr ? Shape{} : residual->shape(), ", expected ", x.shape(),
                          ", the shape of the input");
  Op<T> op("layer_norm", x.tape());
  const Input<T> in = op.input(x), added = residual == nullptr ? Input<T>() : op.input(*residual);
  const Input<T> w = op.input(weight), b = op.input(bias);
  T* y = op.output(x.shape());
  T* mean = op.is_recorded() ? op.tape().scratch(n) : nullptr;
  T* rstd = op.is_recorded() ? op.tape().scratch(n) : nullptr;
  const kernels::LayerNormInputs<T> inputs{in.data(), added.data(), w.data(), b.data(), eps, n, d};
  kernels::layer_norm_forward(y, mean, rstd, inputs);
  return op.record([=](const T* dy, Gradients<T>& g) {
    // x and the residual may be the same variable. The gradient for which slot() is called second is then added to the
    // first, so the slot() calls are in the order in which the kernel writes.
    const Sink<T> dx = g.slot(in);
    const Sink<T> dresidual = g.slot(added);
    const Sink<T> dweight = g.slot(w);
    const Sink<T> dbias = g.slot(b);
    T* workspace = g.tape().workspace(kernels::layer_norm_backward_workspace(n, d));
    kernels::layer_norm_backward({dx, dresidual, dweight, dbias}, dy, mean, rstd, inputs, workspace);
  });
}

}  // namespace detail

template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, T eps) {
  return detail::layer_norm<T>(x, nullptr, weight, bias, eps);
}

template <class T>
Variable<T> add_layer_norm(Variable<T> x, Variable<T> residual, Variable<T> weight, Variable<T> bias, T eps) {
  return detail::layer_norm<T>(x, &residual, weight, bias, eps);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                                \
  template Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, T eps); \
  template Variable<T> add_layer_norm(Variable<T> x, Variable<T> residual, Variable<T> weight, Variable<T> bias, T eps);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
