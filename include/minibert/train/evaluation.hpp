// Computes the loss of a model on a dataset.
#pragma once

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string_view>
#include <vector>

#include <minibert/autograd/no_grad.hpp>
#include <minibert/autograd/tape.hpp>
#include <minibert/core/types.hpp>
#include <minibert/io/json.hpp>
#include <minibert/train/concepts.hpp>

namespace minibert {

/// Returns count / seconds. A time below one nanosecond counts as one nanosecond.
double per_second(index_t count, double seconds) noexcept;

struct EvaluationResult {
  double loss = 0;  ///< mean over all items, independent of the batch size
  index_t num_items = 0, num_examples = 0, num_batches = 0;
  double runtime = 0;  ///< seconds

  /// Returns transformers' metrics: loss, runtime, samples_per_second and steps_per_second. Each name begins with
  /// `prefix`, such as "eval_".
  Json to_json(std::string_view prefix) const;
};

namespace train_detail {

/// The end of an error text, after "… examples, and ": says that no example has a token or label that counts for the
/// loss, why that happens, and what may help.
inline constexpr const char* kNoItems =
    "none has an item that counts for the loss. Items of masked language modelling are the masked tokens: [UNK] and "
    "other special tokens are never masked. Check that the tokenizer knows the script of the text (few words become "
    "[UNK]), that mlm_probability is not 0 and that the text has enough tokens; for other models, that not all labels "
    "are ignored";

/// Checks that the evaluated examples had at least one item that counts for the loss. @throws ValueError if not
void check_has_items(const EvaluationResult& result);

}  // namespace train_detail

/// Computes the mean loss of the model on a dataset, without dropout and without recording gradients. A batch has
/// batch_size examples. The tape only provides memory. Calls on_batch(output, batch) for every batch that has items.
/// @throws ValueError if no batch has an item, so there is no loss
template <class T, class Model, DataCollator Collator, class OnBatch>
requires TrainableModel<Model, typename Collator::Batch> EvaluationResult
evaluate(const Model& model, const Collator& collator, const typename Collator::Dataset& dataset, index_t batch_size,
         Tape<T>& tape, OnBatch on_batch) {
  const auto start = std::chrono::steady_clock::now();
  const no_grad no_recording;
  EvaluationResult result;
  double sum = 0;
  typename Collator::Batch batch;
  std::vector<index_t> examples;
  for (index_t begin = 0; begin < dataset.size(); begin += batch_size) {
    examples.resize(core::usize(std::min(batch_size, dataset.size() - begin)));
    std::iota(examples.begin(), examples.end(), begin);
    collator.collate(dataset, examples, {.training = false}, batch);
    ++result.num_batches;
    result.num_examples += core::length(examples);
    if (batch.num_items() == 0) continue;
    tape.reset();
    const auto output = model.forward(tape, batch, nn::StepContext{.num_items_in_batch = batch.num_items()});
    sum += static_cast<double>(output.loss.item()) * static_cast<double>(batch.num_items());
    result.num_items += batch.num_items();
    on_batch(output, batch);
  }
  train_detail::check_has_items(result);
  result.loss = sum / static_cast<double>(result.num_items);
  result.runtime = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

template <class T, class Model, DataCollator Collator>
requires TrainableModel<Model, typename Collator::Batch> EvaluationResult
evaluate(const Model& model, const Collator& collator, const typename Collator::Dataset& dataset, index_t batch_size,
         Tape<T>& tape) {
  return evaluate(model, collator, dataset, batch_size, tape, [](const auto& /*output*/, const auto& /*batch*/) {});
}

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/train/impl/evaluation.ipp>
#endif
