// The model of Hugging Face's tutorial on training a language model from scratch. Examples, tests and benches use it.
#pragma once

#include <minibert/models/bert_config.hpp>

/// Returns the tutorial's configuration: 9,302,864 parameters, dropout 0.1.
inline minibert::BertConfig tutorial_config() {
  minibert::BertConfig config;
  config.vocab_size = 2000;
  config.hidden_size = 384;
  config.num_hidden_layers = 6;
  config.num_attention_heads = 6;
  config.intermediate_size = 1024;
  config.max_position_embeddings = 256;
  return config;
}
