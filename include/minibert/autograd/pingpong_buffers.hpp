// PingPongBuffers: two buffers that hold the outputs of layers in turns while the tape does not record.
#pragma once

#include <array>
#include <cstddef>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>

namespace minibert {

/// Runs layers one after the other, each in Tape::scoped(). A tape that does not record then holds the outputs of two
/// layers, however many layers run. A tape that records keeps everything.
template <class T>
class PingPongBuffers {
 public:
  /// `shape` is the output shape of every layer.
  PingPongBuffers(Tape<T>& tape, const Shape& shape) : tape_(tape) {
    if (!tape.recording()) buffers_ = {tape.buffer(shape), tape.buffer(shape)};
  }

  /// Runs the layer, a function that returns a Variable, and returns the result. Without recording, the result is valid
  /// until the end of the next call. @throws ShapeError if the result has another shape than the buffers
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
