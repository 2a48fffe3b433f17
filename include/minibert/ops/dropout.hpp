// Dropout whose mask is made again in the backward pass instead of being stored.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/kernels/dropout.hpp>
#include <minibert/ops/detail/check_sequences.hpp>

namespace minibert::functional {

/// Zeroes each element with probability p and scales the others by 1/(1 − p). x: (N, D), N the sequences' rows. The
/// mask is a function of the key and of each element's (row number, position, feature); p = 0 gives x itself.
/// The arrays of `sequences` must live until the backward pass. @throws ValueError unless 0 ≤ p < 1; ShapeError
template <class T>
Variable<T> dropout(Variable<T> x, double p, random::Key key, const Sequences& sequences) {
  core::check<ValueError>(p >= 0 && p < 1, "dropout: the probability is ", p, ", expected at least 0 and less than 1");
  const auto mask = kernels::DropoutMask::of(p, key);
  if (!mask) return x;
  core::check<ShapeError>(x.dim() == 2, "dropout: input of shape ", x.shape(), ", expected (rows, features)");
  const index_t n = x.size(0), d = x.size(1);
  detail::check_sequences("dropout", sequences, n);
  detail::check_dropout_rows("dropout", sequences);
  auto& tape = x.tape();
  auto y = tape.empty("dropout", x.shape(), {x});
  kernels::dropout(Sink<T>{y.data()}, x.data(), mask, sequences, n, d);
  tape.record(y, [=](const T* dy, Gradients<T>& g) { kernels::dropout(g.slot(x), dy, mask, sequences, n, d); });
  return y;
}

}  // namespace minibert::functional
