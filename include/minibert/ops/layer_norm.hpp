// Layer normalisation, as torch.nn.functional.layer_norm over the last dimension; and of a sum of two in one pass.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/layer_norm.hpp>

namespace minibert::functional {

namespace detail {

/// residual: null for none.
template <class T>
Variable<T> layer_norm(Variable<T> x, const Variable<T>* residual, Variable<T> weight, Variable<T> bias, T eps) {
  core::check<ShapeError>(x.dim() >= 1, "layer_norm: input of shape ", x.shape(), ", expected at least one dimension");
  const index_t d = x.size(-1), n = d == 0 ? 0 : x.numel() / d;  // x: (…, d)
  core::check<ShapeError>(weight.shape() == Shape{d} && bias.shape() == Shape{d}, "layer_norm: weight of shape ",
                          weight.shape(), " and bias of shape ", bias.shape(), " do not fit input of shape ",
                          x.shape());
  const Variable<T> other = residual == nullptr ? x : *residual;
  core::check<ShapeError>(other.shape() == x.shape(), "layer_norm: residual of shape ", other.shape(),
                          " does not fit input of shape ", x.shape());
  auto& tape = x.tape();
  auto y = tape.empty("layer_norm", x.shape(), {x, other, weight, bias});
  const T* added = residual == nullptr ? nullptr : other.data();
  T* mean = y.requires_grad() ? tape.template scratch<T>(n) : nullptr;
  T* rstd = y.requires_grad() ? tape.template scratch<T>(n) : nullptr;
  kernels::layer_norm_forward(y.data(), mean, rstd, x.data(), added, weight.data(), bias.data(), eps, n, d);
  tape.record(y, [=](const T* dy, Gradients<T>& g) {
    const Sink<T> dx = g.slot(x);
    const Sink<T> dresidual =
        added == nullptr ? Sink<T>{} : g.slot(other);  // slots in the order in which the kernel writes
    const Sink<T> dweight = g.slot(weight);
    const Sink<T> dbias = g.slot(bias);
    T* workspace = g.tape().workspace(kernels::layer_norm_backward_workspace(n, d));
    kernels::layer_norm_backward(dx, dresidual, dweight, dbias, dy, x.data(), added, weight.data(), mean, rstd, n, d,
                                 workspace);
  });
  return y;
}

}  // namespace detail

/// (x − mean) / √(var + eps) · weight + bias over the last dimension (Ba et al., 2016).
/// x: (…, D), weight, bias: (D). @throws ShapeError
template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, T eps) {
  return detail::layer_norm<T>(x, nullptr, weight, bias, eps);
}

/// layer_norm(x + residual). x, residual: (…, D), weight, bias: (D). @throws ShapeError
template <class T>
Variable<T> add_layer_norm(Variable<T> x, Variable<T> residual, Variable<T> weight, Variable<T> bias, T eps) {
  return detail::layer_norm<T>(x, &residual, weight, bias, eps);
}

}  // namespace minibert::functional
