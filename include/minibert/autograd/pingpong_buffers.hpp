// PingPongBuffers: two buffers that alternately hold the outputs of layers while the tape does not record.
#pragma once

#include <array>
#include <cstddef>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>

namespace minibert {

/// Runs layers one after the other, each in Tape::scoped(). A tape that does not record then holds the outputs of only
/// two layers, however many layers run. A tape that records keeps all outputs.
template <class T>
class PingPongBuffers {
 public:
  /// `shape` is the output shape of every layer.
  PingPongBuffers(Tape<T>& tape, const Shape& shape) : tape_(tape) {
    if (!tape.recording()) buffers_ = {tape.buffer(shape), tape.buffer(shape)};
  }

  /// Runs the layer, a function that returns a Variable, and returns the result. If the tape does not record, the
  /// result is valid until the next call of run() returns.
  /// @throws ShapeError if the shape of the result differs from the shape of the buffers
  template <class F>
  Variable<T> run(F layer) {
    return tape_.scoped(buffers_[turn_++ % 2], layer);
  }

 private:
  Tape<T>& tape_;
  std::array<Variable<T>, 2> buffers_;
  std::size_t turn_ = 0;
};

}  // namespace minibert
