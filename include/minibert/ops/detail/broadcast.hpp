// Elementwise functions of two variables with NumPy's broadcasting.
#pragma once

#include <minibert/autograd/op.hpp>
#include <minibert/kernels/elementwise.hpp>

namespace minibert::functional::detail {

/// Returns the shape that both operands broadcast to. Dimensions are aligned at the end. Aligned sizes must be equal or
/// 1. `op` is the name of the op, for messages.
/// @throws ShapeError if the shapes do not broadcast
inline Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  Shape result = a.dim() >= b.dim() ? a : b;
  const Shape& shorter = a.dim() >= b.dim() ? b : a;
  for (int d = 1; d <= shorter.dim(); ++d) {
    const index_t one = result.size(-d), other = shorter.size(-d);
    core::check<ShapeError>(one == other || one == 1 || other == 1, op, ": cannot broadcast shapes ", a, " and ", b,
                            ": dimension ", -d, " has sizes ", a.dim() >= b.dim() ? one : other, " and ",
                            a.dim() >= b.dim() ? other : one, ", expected equal sizes or 1");
    result.size(-d) = one == 1 ? other : one;
  }
  return result;
}

/// Returns a map from the index of a result element to the index of the operand element that is used for it. `operand`
/// must broadcast to `result`.
inline kernels::BroadcastMap broadcast_map(const Shape& operand, const Shape& result) {
  kernels::BroadcastMap map;
  map.dim = result.dim();
  index_t stride = 1;
  for (int d = 1; d <= result.dim(); ++d) {
    map.sizes[result.dim() - d] = result.size(-d);
    if (d > operand.dim()) continue;
    map.strides[result.dim() - d] = operand.size(-d) == 1 ? 0 : stride;
    stride *= operand.size(-d);
  }
  return map;
}

/// Calls kernels::generate_reduced with memory from the tape's workspace. Does nothing if y is empty.
template <class T, class F>
void generate_reduced(Tape<T>& tape, Sink<T> y, index_t numel, const kernels::BroadcastMap& map, index_t n, F f) {
  if (!y) return;
  kernels::generate_reduced(y, numel, map, n, f, tape.template workspace<double>(kernels::reduced_workspace(numel, n)));
}

/// Computes y = f(a, b), elementwise. dfa(u, v) and dfb(u, v) are ∂f/∂a and ∂f/∂b for an element u of a and an element
/// v of b. f, dfa and dfb are stateless lambdas. `name` is the name of the op.
template <class T, class F, class DfA, class DfB>
Variable<T> binary(const char* name, Variable<T> a, Variable<T> b, F f, DfA dfa, DfB dfb) {
  const Shape shape = broadcast_shape(name, a.shape(), b.shape());
  const auto map_a = broadcast_map(a.shape(), shape), map_b = broadcast_map(b.shape(), shape);
  Op<T> op(name, a.tape());
  const Input<T> in_a = op.input(a), in_b = op.input(b);
  const T *pa = in_a.data(), *pb = in_b.data();
  const index_t n = shape.numel();
  kernels::generate(Sink<T>{op.output(shape)}, n, [=](index_t i) { return f(pa[map_a(i)], pb[map_b(i)]); });
  return op.record([=](const T* dy, Gradients<T>& g) {
    // Writes the gradient of a before it calls slot(in_b): if a and b are the same variable, the second gradient is
    // added to the first.
    generate_reduced(g.tape(), g.slot(in_a), in_a.numel(), map_a, n,
                     [=](index_t i) { return dy[i] * dfa(pa[map_a(i)], pb[map_b(i)]); });
    generate_reduced(g.tape(), g.slot(in_b), in_b.numel(), map_b, n,
                     [=](index_t i) { return dy[i] * dfb(pa[map_a(i)], pb[map_b(i)]); });
  });
}

}  // namespace minibert::functional::detail
