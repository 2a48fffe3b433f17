// A model for the trainer's tests that is small enough to differentiate by hand.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <minibert/autograd/tape.hpp>
#include <minibert/core/random.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/nn/module.hpp>

namespace minibert::testing {

/// Guesses sin(label) from a table: for each masked token the loss is ½(table[label]·noise + bias − mean −
/// sin(label))², where mean is that of its sequence's tokens in the table, and noise (1 in evaluation) is keyed as
/// dropout is.
template <class T>
class ToyModel {
 public:
  struct Output {
    Variable<T> loss;
  };

  explicit ToyModel(index_t vocab_size) {
    table_ = store_.declare({.name = "table.weight", .shape = {vocab_size}});
    bias_ = store_.declare({.name = "out.bias", .shape = {1}, .decay = false});
    for (index_t id = 0; id < vocab_size; ++id) parameters(), table_->data[id] = static_cast<T>(std::cos(id));
  }

  const std::vector<Parameter<T>*>& parameters() { return store_.in_order(); }
  std::vector<T> values() { return {store_.flat_values().begin(), store_.flat_values().end()}; }
  std::vector<T> grads() { return {store_.flat_grads().begin(), store_.flat_grads().end()}; }
  void zero_grad() {
    for (Parameter<T>* p : parameters()) p->has_grad = false;
  }
  void train(bool mode = true) { store_.training = mode; }
  void eval() { train(false); }
  bool training() const { return store_.training; }
  std::vector<index_t> tokens_of_passes;  // of each forward pass, in order

  Output forward(Tape<T>& tape, const MaskedLMBatch& batch, const nn::StepContext& context) {
    tokens_of_passes.push_back(batch.num_tokens());
    struct Item {
      index_t first, last;  // tokens of its sequence
      token_id label;
      T noise, error;
    };
    std::vector<Item> items;
    for (index_t i = 0, sequence = 0; i < batch.num_items(); ++i) {
      while (core::at(batch.cu_seqlens, sequence + 1) <= core::at(batch.masked_indices, i)) ++sequence;
      const random::Key key = random::Key(context.seed).fold(context.step).fold(core::at(batch.rows, sequence));
      const index_t position = core::at(batch.masked_indices, i) - core::at(batch.cu_seqlens, sequence);
      const double noise = 0.5 + key.uniform(static_cast<std::uint32_t>(position));
      items.push_back({core::at(batch.cu_seqlens, sequence), core::at(batch.cu_seqlens, sequence + 1),
                       core::at(batch.labels, i), static_cast<T>(training() ? noise : 1), T{0}});
    }
    Variable<T> table = tape.parameter(*table_), bias = tape.parameter(*bias_);
    Variable<T> loss = tape.empty("toy", Shape{}, {table, bias});
    const token_id* ids = tape.keep(batch.input_ids);
    const auto scale = static_cast<T>(1.0 / static_cast<double>(context.num_items_in_batch));
    *loss.data() = 0;
    for (Item& item : items) {
      T sum = 0;
      for (index_t t = item.first; t < item.last; ++t) sum += table.data()[ids[t]];
      item.error = table.data()[item.label] * item.noise + *bias.data() - sum / static_cast<T>(item.last - item.first) -
                   static_cast<T>(std::sin(item.label));
      *loss.data() += item.error * item.error * scale / 2;
    }
    const Item* kept = tape.keep(items);
    const index_t count = core::length(items), vocab = table.numel();
    tape.record(loss, [=](const T* dy, Gradients<T>& gradients) {
      const Sink<T> d_table = gradients.slot(table), d_bias = gradients.slot(bias);
      if (!d_table.accumulate) std::fill_n(d_table.data, vocab, T{0});
      if (!d_bias.accumulate) *d_bias.data = 0;
      for (const Item* item = kept; item != kept + count; ++item) {
        const T d = *dy * item->error * scale;
        d_table.data[item->label] += d * item->noise;
        *d_bias.data += d;
        for (index_t t = item->first; t < item->last; ++t)
          d_table.data[ids[t]] -= d / static_cast<T>(item->last - item->first);
      }
    });
    return {loss};
  }

  void save_pretrained(const std::filesystem::path& folder) const {
    std::vector<SafetensorsTensor<T>> tensors;
    for (const Parameter<T>* p : {table_, bias_}) tensors.push_back({p->name, p->shape.sizes(), p->data});
    write_safetensors(folder / "model.safetensors", std::move(tensors));
  }

 private:
  ParameterStore<T> store_;
  Parameter<T>*table_, *bias_;
};

}  // namespace minibert::testing
