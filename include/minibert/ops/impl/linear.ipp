// Definitions of ops/linear.hpp.
#pragma once

#include <minibert/autograd/autocast.hpp>
#include <minibert/autograd/op.hpp>
#include <minibert/kernels/gelu.hpp>
#include <minibert/kernels/gemm.hpp>
#include <minibert/kernels/reduce.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert::functional {

namespace detail {

/// The sizes of a linear op and the precision of its matrix products. The op maps n rows of `in` features to n rows of
/// `out` features.
struct LinearSizes {
  index_t n, in, out;
  Precision precision;
};

template <class T>
LinearSizes check_linear(const char* op, Variable<T> x, Variable<T> weight, const Variable<T>* bias) {
  core::check<ShapeError>(weight.dim() == 2, op, ": weight has shape ", weight.shape(), ", expected (out, in)");
  core::check<ShapeError>(x.dim() >= 1 && x.size(-1) == weight.size(1), op, ": input of shape ", x.shape(),
                          ", expected (…, ", weight.size(1), "), because the weight (out, in) has shape ",
                          weight.shape());
  core::check<ShapeError>(bias == nullptr || bias->shape() == Shape{weight.size(0)}, op, ": bias of shape ",
                          bias == nullptr ? Shape{} : bias->shape(), ", expected (", weight.size(0),
                          "), because the weight (out, in) has shape ", weight.shape());
  return {x.shape().without(x.dim() - 1).numel(), weight.size(1), weight.size(0), autocast::precision()};
}

inline Shape with_last(Shape shape, index_t last) {
  shape.size(-1) = last;
  return shape;
}

/// Computes x·Wᵗ. The epilogue, such as bias and GELU, says what to do with the product and where to write it.
template <class T>
void linear_forward(Tape<T>& tape, const T* x, const T* weight, const LinearSizes& s, kernels::Epilogue<T> epilogue) {
  T* workspace = tape.workspace(kernels::gemm_workspace<T>(s.out, s.in));
  kernels::gemm(s.n, s.out, s.in, kernels::Matrix<T>{x, s.in}, kernels::Matrix<T>{weight, s.in}.transposed(), epilogue,
                workspace, s.precision);
}

/// Writes dx = dy·W, dW = dyᵗ·x and db = Σ dy, the sum over the rows, or adds them to gradients that exist already.
template <class T>
void linear_backward(Gradients<T>& g, const T* dy, Input<T> x, Input<T> weight, Input<T> bias, const LinearSizes& s) {
  const kernels::Matrix<T> up{dy, s.out};
  if (const Sink<T> dx = g.slot(x)) {
    T* workspace = g.tape().workspace(kernels::gemm_workspace<T>(s.in, s.out));
    kernels::gemm(s.n, s.in, s.out, up, kernels::Matrix<T>{weight.data(), s.in},
                  kernels::Epilogue<T>{dx.data, s.in, dx.accumulate}, workspace, s.precision);
  }
  if (const Sink<T> dw = g.slot(weight)) {
    T* workspace = g.tape().workspace(kernels::gemm_workspace<T>(s.in, s.n));
    kernels::gemm(s.out, s.in, s.n, up.transposed(), kernels::Matrix<T>{x.data(), s.in},
                  kernels::Epilogue<T>{dw.data, s.in, dw.accumulate}, workspace, s.precision);
  }
  kernels::sum_rows(g.slot(bias), dy, s.out, s.n, s.out);
}

/// Computes y = gelu(x·Wᵗ + b) in one pass. Keeps the argument of GELU for the backward step.
template <class T>
Variable<T> linear_gelu(Variable<T> x, Variable<T> weight, Variable<T> bias, kernels::Gelu gelu) {
  const auto s = check_linear("linear_activation", x, weight, &bias);
  Op<T> op("linear_activation", x.tape());
  const Input<T> in = op.input(x), w = op.input(weight), b = op.input(bias);
  const Shape shape = with_last(x.shape(), s.out);
  T* y = op.output(shape);
  T* pre = op.is_recorded() ? op.tape().scratch(shape.numel()) : nullptr;
  linear_forward(op.tape(), in.data(), w.data(), s,
                 {.c = y, .stride = s.out, .bias = b.data(), .gelu = gelu, .pre = pre});
  return op.record([=](T* dy, Gradients<T>& g) {
    if (gelu == kernels::Gelu::exact)
      kernels::activation_backward<kernels::GeluExact>(Sink<T>{dy}, dy, pre, s.n * s.out);
    else
      kernels::activation_backward<kernels::GeluTanh>(Sink<T>{dy}, dy, pre, s.n * s.out);
    linear_backward<T>(g, dy, in, w, b, s);
  });
}

}  // namespace detail

template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight) {
  const auto s = detail::check_linear<T>("linear", x, weight, nullptr);
  Op<T> op("linear", x.tape());
  const Input<T> in = op.input(x), w = op.input(weight);
  T* y = op.output(detail::with_last(x.shape(), s.out));
  detail::linear_forward(op.tape(), in.data(), w.data(), s, {.c = y, .stride = s.out});
  return op.record([=](const T* dy, Gradients<T>& g) { detail::linear_backward<T>(g, dy, in, w, {}, s); });
}

template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias) {
  const auto s = detail::check_linear("linear", x, weight, &bias);
  Op<T> op("linear", x.tape());
  const Input<T> in = op.input(x), w = op.input(weight), b = op.input(bias);
  T* y = op.output(detail::with_last(x.shape(), s.out));
  detail::linear_forward(op.tape(), in.data(), w.data(), s, {.c = y, .stride = s.out, .bias = b.data()});
  return op.record([=](const T* dy, Gradients<T>& g) { detail::linear_backward<T>(g, dy, in, w, b, s); });
}

template <class T>
Variable<T> linear_activation(Variable<T> x, Variable<T> weight, Variable<T> bias, Activation kind) {
  if (kind == Activation::gelu) return detail::linear_gelu(x, weight, bias, kernels::Gelu::exact);
  if (kind == Activation::gelu_tanh) return detail::linear_gelu(x, weight, bias, kernels::Gelu::tanh);
  return activation(linear(x, weight, bias), kind);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                                     \
  template Variable<T> linear(Variable<T> x, Variable<T> weight);                   \
  template Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias); \
  template Variable<T> linear_activation(Variable<T> x, Variable<T> weight, Variable<T> bias, Activation kind);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert::functional
