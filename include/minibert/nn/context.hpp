// The settings of one forward pass, for models and for layers.
#pragma once

#include <cstdint>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/sequences.hpp>

namespace minibert::nn {

/// The caller's settings for a model's forward pass. The default is inference: dropout is off.
struct StepContext {
  bool training = false;            ///< turns dropout on
  std::uint64_t seed = 42;          ///< determines the dropout masks, together with `step`
  index_t step = 0;                 ///< index of the optimizer step that the pass belongs to
  index_t num_items_in_batch = -1;  ///< divisor of the loss: number of items (such as masked tokens) in the whole
                                    ///< optimizer step; −1: the number of items in this pass
};

/// What the layers of a model read during a forward pass.
template <class T>
struct Context {
  Tape<T>& tape;
  Sequences sequences;    ///< of the batch; the arrays it points to must stay valid until the tape is reset
  bool training = false;  ///< turns dropout on
  random::Key key;        ///< derived from seed and step; each layer folds in its own name
};

}  // namespace minibert::nn
