// One forward pass, as layers see it.
#pragma once

#include <cstdint>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::nn {

/// What the caller says of a model's forward pass. By default a model infers: dropout is off.
struct StepContext {
  bool training = false;            ///< dropout is on
  std::uint64_t seed = 42;          ///< keys dropout, together with `step`
  index_t step = 0;                 ///< the optimizer step that the pass is part of
  index_t num_items_in_batch = -1;  ///< items (masked tokens, say) of the step's whole batch, by which the loss is
                                    ///< divided; −1: those of the batch at hand
};

/// What layers need to know of the pass.
template <class T>
struct Context {
  Tape<T>& tape;
  Sequences sequences;    ///< of the batch's tokens; its arrays live as long as the tape's step
  bool training = false;  ///< dropout is on
  random::Key key;        ///< of seed and step; a layer folds in its place in the model
};

}  // namespace minibert::nn
