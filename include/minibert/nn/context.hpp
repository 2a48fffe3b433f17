// What layers need to know of the forward pass they run in.
#pragma once

#include <minibert/autograd/tape.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::nn {

/// One forward pass.
template <class T>
struct Context {
  Tape<T>& tape;
  Sequences sequences;    ///< its arrays live as long as the tape's step
  bool training = false;  ///< dropout is on
  random::Key key;        ///< of seed and step: layers fold their site in
};

}  // namespace minibert::nn
