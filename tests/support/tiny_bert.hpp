// A model small enough for finite differences, and batches for it.
#pragma once

#include <initializer_list>
#include <vector>

#include <minibert/models/bert_for_masked_lm.hpp>

namespace minibert::testing {

inline BertConfig tiny_config() {
  BertConfig config;
  config.vocab_size = 23;
  config.hidden_size = 8;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 10;
  config.hidden_dropout_prob = 0;
  config.attention_probs_dropout_prob = 0;
  config.initializer_range = 0.4;  // large, so that the logits differ
  return config;
}

/// Returns sequences of the given lengths with varied ids. Every third token is masked. The first sequence has row
/// number `first_row`.
inline MaskedLMBatch tiny_batch(std::initializer_list<index_t> lengths, index_t first_row = 0) {
  MaskedLMBatch batch;
  for (const index_t len : lengths) {
    const index_t row = first_row + batch.num_sequences();
    std::vector<token_id> ids;
    for (index_t t = 0; t < len; ++t) ids.push_back(static_cast<token_id>(1 + (7 * row + 5 * t + t * t) % 22));
    for (index_t t = 1; t < len; t += 3) {
      batch.masked_indices.push_back(batch.num_tokens() + t);
      batch.labels.push_back(static_cast<token_id>((row + 3 * t) % 23));
    }
    batch.append(ids, row);
  }
  return batch;
}

/// Returns all gradients of a module, in the order of its parameters.
template <class Model>
auto gradients(Model& model) {
  std::vector<std::remove_pointer_t<decltype(model.parameters().front()->grad)>> all;
  for (const auto* p : model.parameters()) all.insert(all.end(), p->grad, p->grad + p->numel());
  return all;
}

}  // namespace minibert::testing
