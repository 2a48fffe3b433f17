// The concepts that the trainer requires of models, datasets, collators and batches.
#pragma once

#include <concepts>
#include <filesystem>
#include <span>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>
#include <minibert/nn/context.hpp>

namespace minibert {

/// A batch reports its numbers of items, tokens and sequences. The loss is a mean over items, such as masked tokens.
template <class B>
concept TrainableBatch = requires(const B& batch) {
  { batch.num_items() } -> std::convertible_to<index_t>;
  { batch.num_tokens() } -> std::convertible_to<index_t>;
  { batch.num_sequences() } -> std::convertible_to<index_t>;
};

/// A dataset reports its number of examples and the number of tokens of each example.
template <class D>
concept TrainableDataset = requires(const D& dataset, index_t example) {
  { dataset.size() } -> std::convertible_to<index_t>;
  { dataset.num_tokens(example) } -> std::convertible_to<index_t>;
};

/// A collator has types Dataset and Batch, and a function collate() that fills a batch with some examples of a dataset.
template <class C>
concept DataCollator = TrainableDataset<typename C::Dataset> && TrainableBatch<typename C::Batch> &&
    requires(const C& collator, const typename C::Dataset& dataset, std::span<const index_t> examples,
             typename C::Batch& batch) {
  collator.collate(dataset, examples, CollateContext{}, batch);
};

/// A model is an nn::Module whose const forward() returns a struct with a scalar `loss`: the sum over the batch's
/// items, divided by StepContext::num_items_in_batch. A const save_pretrained(folder) saves the model.
template <class M, class Batch>
concept TrainableModel = requires(M& model, const M& constant, Tape<typename M::value_type>& tape, const Batch& batch,
                                  const nn::StepContext& step, const std::filesystem::path& folder) {
  { constant.forward(tape, batch, step).loss } -> std::convertible_to<Variable<typename M::value_type>>;
  model.parameters();
  model.parameter_groups(0.0);
  model.zero_grad();
  constant.save_pretrained(folder);
};

}  // namespace minibert
