// The forward and backward passes of one optimizer step.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>
#include <minibert/nn/module.hpp>
#include <minibert/train/callback.hpp>

namespace minibert {

/// Runs a step's batches through the model, in passes. All of them are collated first, so that each knows the number of
/// items of the whole step: k passes of m examples give the loss and gradient of one of k·m.
template <class T, class Model, class Collator>
class GradientAccumulator {
 public:
  using Batch = typename Collator::Batch;
  using Dataset = typename Collator::Dataset;

  /// A pass takes part of a batch that has more than max_tokens_per_pass (0: takes all of it).
  GradientAccumulator(Model& model, const Collator& collator, const Dataset& dataset, index_t max_tokens_per_pass,
                      std::uint64_t seed)
      : model_(model),
        collator_(collator),
        dataset_(dataset),
        max_tokens_(max_tokens_per_pass > 0 ? max_tokens_per_pass : std::numeric_limits<index_t>::max()),
        seed_(seed) {}

  /// Leaves the gradient of the mean loss over all the items of the batches, given by their examples, in the model's
  /// parameters. A step without an item has loss 0 and no gradient. Error when the loss is not finite.
  StepResult run(std::span<const std::span<const index_t>> examples, index_t epoch, index_t step) {
    const std::span<const Batch> passes = collate(examples, epoch);
    StepResult result;
    for (const Batch& batch : passes) {
      result.num_examples += batch.num_sequences();
      result.num_items += batch.num_items();
      result.num_tokens += batch.num_tokens();
    }
    const nn::StepContext context{.seed = seed_, .step = step, .num_items_in_batch = result.num_items};
    model_.zero_grad();
    for (const Batch& batch : passes) {
      if (batch.num_items() == 0) continue;
      tape_.reset();
      const auto output = model_.forward(tape_, batch, context);
      const double loss = static_cast<double>(output.loss.item());
      core::check<Error>(std::isfinite(loss), "step ", step + 1, ": the loss is ", loss,
                         ": lower the learning rate, lengthen the warm-up or lower max_grad_norm");
      result.loss += loss;
      tape_.backward(output.loss);
    }
    return result;
  }

  /// The tape, whose memory others may use between two steps.
  Tape<T>& tape() noexcept { return tape_; }

 private:
  /// The step's passes, in memory that is used again.
  std::span<const Batch> collate(std::span<const std::span<const index_t>> examples, index_t epoch) {
    index_t row = 0;
    std::size_t count = 0;
    for (std::span<const index_t> rest : examples)
      while (!rest.empty()) {
        const auto pass = rest.first(core::usize(size_of_pass(rest)));
        rest = rest.subspan(pass.size());
        if (count == passes_.size()) passes_.emplace_back();
        collator_.collate(dataset_, pass, {.training = true, .epoch = epoch, .first_row = row}, passes_[count++]);
        row += core::length(pass);
      }
    return std::span<const Batch>(passes_).first(count);
  }

  /// How many of the examples the next pass takes: at most max_tokens_, unless the first example alone has more, and
  /// such that the passes become equally large.
  index_t size_of_pass(std::span<const index_t> examples) const {
    index_t tokens = 0;
    for (const index_t example : examples) tokens += dataset_.num_tokens(example);
    const index_t passes = (tokens - 1) / max_tokens_ + 1, share = (tokens - 1) / passes + 1;
    index_t size = 0, taken = 0;
    while (size < core::length(examples) && taken < share) {
      const index_t more = dataset_.num_tokens(core::at(examples, size));
      if (size > 0 && taken + more > max_tokens_) break;
      taken += more;
      ++size;
    }
    return size;
  }

  Model& model_;
  const Collator& collator_;
  const Dataset& dataset_;
  index_t max_tokens_;
  std::uint64_t seed_;
  std::vector<Batch> passes_;
  Tape<T> tape_;
};

}  // namespace minibert
