// A whole training step of a masked language model: forward, backward, clipping, AdamW.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

#include "bench/support/cases.hpp"
#include "bench/support/tutorial.hpp"

namespace minibert::bench {

/// A model with its optimizer and tape.
template <class T>
class TrainingStep {
 public:
  explicit TrainingStep(const BertConfig& config)
      : model(config), optimizer_(model.parameter_groups(0.01), {.lr = 1e-5}), parameters_(model.parameters()) {}

  /// Runs a step, and returns the loss and the norm of the gradient.
  std::pair<double, double> run(const MaskedLMBatch& batch) {
    tape_.reset();
    model.zero_grad();
    const auto loss = model.forward(tape_, batch, {.training = true}).loss;
    tape_.backward(loss);
    const double norm = optim::clip_grad_norm_(parameters_, 1.0);
    optimizer_.step();
    return {static_cast<double>(loss.item()), norm};
  }

  BasicBertForMaskedLM<T> model;

 private:
  optim::AdamW<T> optimizer_;
  optim::ParameterChunks<T> parameters_;
  Tape<T> tape_;
};

/// Returns the flops of the matrix products that a step needs. For each weight and token there are three multiply-adds:
/// forward, gradient of the input, gradient of the weight. For each pair of tokens of a sequence, attention has six
/// multiply-adds for each hidden unit. In the last layer, keys and values are counted for all tokens, but everything
/// else only for the masked tokens, because the loss depends on no others. Elementwise work and the recomputation in
/// attention are not counted.
inline double useful_flops(const BertConfig& config, const MaskedLMBatch& batch) {
  const auto h = static_cast<double>(config.hidden_size), wide = static_cast<double>(config.intermediate_size);
  const auto tokens = static_cast<double>(batch.num_tokens()), masked = static_cast<double>(batch.num_items());
  double pairs = 0, masked_pairs = 0;  // pairs of tokens within a sequence
  for (index_t b = 0; b < batch.num_sequences(); ++b) {
    const auto before = [&](index_t row) {
      return std::lower_bound(batch.masked_indices.begin(), batch.masked_indices.end(), row) -
             batch.masked_indices.begin();
    };
    const index_t begin = core::at(batch.cu_seqlens, b), end = core::at(batch.cu_seqlens, b + 1);
    pairs += std::pow(static_cast<double>(end - begin), 2);
    masked_pairs += static_cast<double>((before(end) - before(begin)) * (end - begin));
  }
  const auto layer = [&](double asking, double asking_pairs) {
    return asking * (2 * h * h + 2 * h * wide) + tokens * 2 * h * h + 2 * h * asking_pairs;
  };
  const double whole = static_cast<double>(config.num_hidden_layers - 1) * layer(tokens, pairs);
  const double head = masked * (h * h + h * static_cast<double>(config.vocab_size));
  return 3 * 2 * (whole + layer(masked, masked_pairs) + head);
}

/// Compares the loss and gradient norm of a step, dropout included, with the same step in double.
/// @throws Error if they differ by more than `allowed`
inline void check_training_step(const std::string& name, const BertConfig& config, const MaskedLMBatch& batch,
                                double allowed) {
  const auto found = TrainingStep<float>(config).run(batch), expected = TrainingStep<double>(config).run(batch);
  check_result(name + ": loss", std::abs(found.first / expected.first - 1), allowed);
  check_result(name + ": gradient norm", std::abs(found.second / expected.second - 1), allowed);
}

/// Returns `count` sequences of `len` random ids, 15 % of them masked.
inline MaskedLMBatch drawn_batch(index_t count, index_t len, index_t vocab_size) {
  MaskedLMBatch batch;
  for (index_t row = 0; row < count; ++row) {
    const random::Key key = random::Key(9).fold(row);
    std::vector<token_id> ids;
    for (index_t t = 0; t < len; ++t) {
      ids.push_back(static_cast<token_id>(5 + key.below(vocab_size - 5, static_cast<std::uint32_t>(t))));
      if (t % 20 >= 3) continue;
      batch.masked_indices.push_back(batch.num_tokens() + t);
      batch.labels.push_back(ids.back());
      ids.back() = 4;
    }
    batch.append(ids, row);
  }
  return batch;
}

}  // namespace minibert::bench
