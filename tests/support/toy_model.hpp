// A model for the tests of the trainer, small enough to differentiate by hand.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <minibert/autograd/op.hpp>
#include <minibert/core/random.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/io/safetensors.hpp>
#include <minibert/nn/module.hpp>

namespace minibert::testing {

/// Predicts sin(label) from a table. The loss of a masked token is ½(table[label]·noise + bias − mean − sin(label))²,
/// where mean is the average of table[id] over the tokens of its sequence. The noise is 1 in evaluation; in training it
/// is a random number that depends only on seed, step, sequence and position, as in dropout.
template <class T>
class ToyModel : public nn::Module<T> {
 public:
  struct Output {
    Variable<T> loss, logits;
  };

  explicit ToyModel(index_t vocab_size)
      : table_(this->scope().declare({.name = "table.weight", .shape = {vocab_size}})),
        bias_(this->scope().declare({.name = "out.bias", .shape = {1}, .decay = false})) {
    for (index_t id = 0; id < vocab_size; ++id) table_->data[id] = static_cast<T>(std::cos(id));
  }

  std::vector<T> values() const {
    std::vector<T> all;
    for (const Parameter<T>* p : this->parameters()) all.insert(all.end(), p->values().begin(), p->values().end());
    return all;
  }
  std::vector<T> grads() const {
    std::vector<T> all;
    for (const Parameter<T>* p : this->parameters()) all.insert(all.end(), p->gradient().begin(), p->gradient().end());
    return all;
  }
  mutable std::vector<index_t> tokens_of_passes;  // one entry for each forward pass, in order

  /// Returns the loss, and as logits one column with the error of each item.
  Output forward(Tape<T>& tape, const MaskedLMBatch& batch, const nn::StepContext& context) const {
    tokens_of_passes.push_back(batch.num_tokens());
    struct Item {
      index_t first, last;  // the tokens of its sequence: [first, last)
      token_id label;
      T noise, error;
    };
    std::vector<Item> items;
    for (index_t i = 0, sequence = 0; i < batch.num_items(); ++i) {
      while (core::at(batch.cu_seqlens, sequence + 1) <= core::at(batch.masked_indices, i)) ++sequence;
      const random::Key key = random::Key(context.seed).fold(context.step).fold(core::at(batch.global_rows, sequence));
      const index_t position = core::at(batch.masked_indices, i) - core::at(batch.cu_seqlens, sequence);
      const double noise = 0.5 + key.uniform(static_cast<std::uint32_t>(position));
      items.push_back({core::at(batch.cu_seqlens, sequence), core::at(batch.cu_seqlens, sequence + 1),
                       core::at(batch.labels, i), static_cast<T>(context.training ? noise : 1), T{0}});
    }
    Tensor<T> errors(Shape{core::length(items), 1});
    Op<T> op("toy", tape);
    const Input<T> table = op.input(tape.parameter(*table_)), bias = op.input(tape.parameter(*bias_));
    T* loss = op.output(Shape{});
    const token_id* ids = tape.keep(batch.input_ids);
    const auto scale = static_cast<T>(1.0 / static_cast<double>(context.num_items_in_batch));
    *loss = 0;
    for (Item& item : items) {
      T sum = 0;
      for (index_t t = item.first; t < item.last; ++t) sum += table.data()[ids[t]];
      item.error = table.data()[item.label] * item.noise + *bias.data() - sum / static_cast<T>(item.last - item.first) -
                   static_cast<T>(std::sin(item.label));
      errors.data()[&item - items.data()] = item.error;
      *loss += item.error * item.error * scale / 2;
    }
    const Item* kept = tape.keep(items);
    const index_t count = core::length(items), vocab = table.numel();
    const Variable<T> result = op.record([=](const T* dy, Gradients<T>& gradients) {
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
    return {result, tape.constant(errors)};
  }

  void save_pretrained(const std::filesystem::path& folder) const {
    std::vector<SafetensorsTensor<T>> tensors;
    for (const Parameter<T>* p : {table_, bias_}) tensors.push_back({p->name, p->shape.sizes(), p->data});
    write_safetensors(folder / "model.safetensors", std::move(tensors));
  }

 private:
  Parameter<T>* table_;
  Parameter<T>* bias_;
};

}  // namespace minibert::testing
