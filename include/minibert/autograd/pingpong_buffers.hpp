// Two buffers that layers of one output shape take in turns while nothing is recorded.
#pragma once

#include <array>
#include <cstddef>

#include <minibert/autograd/tape.hpp>

namespace minibert {

/// Runs layers one after the other, each in Tape::scoped: a tape that does not record then keeps two layers' outputs,
/// however many layers there are. A tape that records keeps everything.
template <class T>
class PingPongBuffers {
 public:
  /// `shape` is every layer's output shape.
  PingPongBuffers(Tape<T>& tape, const Shape& shape) : tape_(tape) {
    if (!tape.recording()) buffers_ = {tape.buffer(shape), tape.buffer(shape)};
  }

  /// Returns layer(), a Variable that stays valid during the next call, and no longer.
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
