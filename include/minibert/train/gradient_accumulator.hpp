// The forward and backward passes of one optimizer step.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>
#include <minibert/nn/module.hpp>
#include <minibert/train/callback.hpp>

namespace minibert {

/// Runs a step's batches through the model, one by one. All of them are collated first, so that each knows the number
/// of items of the whole step: k batches of m give the loss and gradient of one of k·m.
template <class T, class Model, class Collator>
class GradientAccumulator {
 public:
  using Batch = typename Collator::Batch;
  using Dataset = typename Collator::Dataset;

  GradientAccumulator(Model& model, const Collator& collator, const Dataset& dataset, std::uint64_t seed)
      : model_(model), collator_(collator), dataset_(dataset), seed_(seed) {}

  /// Leaves the gradient of the mean loss over all the items of the batches, given by their examples, in the model's
  /// parameters. A step without an item has loss 0 and no gradient. Error when the loss is not finite.
  StepResult run(std::span<const std::span<const index_t>> examples, index_t epoch, index_t step) {
    const std::span<const Batch> batches = collate(examples, epoch);
    StepResult result;
    for (const auto& of_batch : examples) result.num_examples += length(of_batch);
    for (const Batch& batch : batches) {
      result.num_items += batch.num_items();
      result.num_tokens += batch.num_tokens();
    }
    const nn::StepContext context{.seed = seed_, .step = step, .num_items_in_batch = result.num_items};
    model_.zero_grad();
    for (const Batch& batch : batches) {
      if (batch.num_items() == 0) continue;
      tape_.reset();
      const auto output = model_.forward(tape_, batch, context);
      const double loss = static_cast<double>(output.loss.item());
      check<Error>(std::isfinite(loss), "step ", step + 1, ": the loss is ", loss,
                   ": lower the learning rate, lengthen the warm-up or lower max_grad_norm");
      result.loss += loss;
      tape_.backward(output.loss);
    }
    return result;
  }

 private:
  /// The step's batches, in memory that is used again.
  std::span<const Batch> collate(std::span<const std::span<const index_t>> examples, index_t epoch) {
    if (batches_.size() < examples.size()) batches_.resize(examples.size());
    index_t row = 0;
    for (index_t i = 0; i < length(examples); ++i) {
      collator_.collate(dataset_, at(examples, i), {.training = true, .epoch = epoch, .first_row = row},
                        at(batches_, i));
      row += length(at(examples, i));
    }
    return std::span<const Batch>(batches_).first(examples.size());
  }

  Model& model_;
  const Collator& collator_;
  const Dataset& dataset_;
  std::uint64_t seed_;
  std::vector<Batch> batches_;
  Tape<T> tape_;
};

}  // namespace minibert
