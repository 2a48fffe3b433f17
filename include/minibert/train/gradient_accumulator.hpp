// Runs the forward and backward passes of one optimizer step.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/train/callback.hpp>
#include <minibert/train/concepts.hpp>

namespace minibert {

namespace train_detail {

/// The loss of a step is not finite. The loop catches this class to add advice to the message.
class NotFinite : public Error {
 public:
  using Error::Error;
};

/// Throws NotFinite for a step, counted from 0. `anomaly` is the text that Tape::find_anomaly() returned.
[[noreturn]] void raise_not_finite(double loss, index_t step, const std::string& anomaly);

}  // namespace train_detail

/// Runs the model on each batch in `passes`, the parts of one optimizer step. Computes the mean loss over the items of
/// all parts, and stores the gradient of this loss in the model's parameters. The mean is over the items of the whole
/// step, so k parts of m examples give the same loss and gradient as one part of k·m examples. A step without items has
/// loss 0 and no gradient.
/// @throws Error if the loss is not finite; the message names the op that first produced a value that is not finite
template <class T, class Model, TrainableBatch Batch>
requires TrainableModel<Model, Batch> StepResult accumulate_gradients(Model& model, Tape<T>& tape,
                                                                      std::span<const Batch> passes, std::uint64_t seed,
                                                                      index_t step) {
  StepResult result;
  for (const Batch& batch : passes) {
    result.num_examples += batch.num_sequences();
    result.num_items += batch.num_items();
    result.num_tokens += batch.num_tokens();
  }
  const nn::StepContext context{.training = true, .seed = seed, .step = step, .num_items_in_batch = result.num_items};
  const Model& constant = model;
  model.zero_grad();
  for (const Batch& batch : passes) {
    if (batch.num_items() == 0) continue;
    tape.reset();
    const auto output = constant.forward(tape, batch, context);
    const double loss = static_cast<double>(output.loss.item());
    if (!std::isfinite(loss)) [[unlikely]]
      train_detail::raise_not_finite(loss, step, tape.find_anomaly());
    result.loss += loss;
    tape.backward(output.loss);
  }
  return result;
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/gradient_accumulator.ipp>
#endif
