// Definitions of models/bert.hpp.
#pragma once

#include <minibert/models/bert.hpp>
#include <minibert/models/detail/sequences.hpp>
#include <minibert/ops/attention.hpp>
#include <minibert/ops/embedding.hpp>
#include <minibert/ops/index_select.hpp>
#include <minibert/ops/unary.hpp>

namespace minibert {

MINIBERT_INLINE nn::WeightInit weight_init(const BertConfig& config, std::optional<std::uint64_t> seed) {
  return {.seed = seed.value_or(0), .standard_deviation = config.initializer_range, .draw = seed.has_value()};
}

template <class T>
BertEmbeddings<T>::BertEmbeddings(const nn::Scope<T>& scope, const BertConfig& config)
    : word_embeddings(scope / "word_embeddings", config.vocab_size, config.hidden_size,
                      config.pad_token_id.value_or(-1)),
      position_embeddings(scope / "position_embeddings", config.max_position_embeddings, config.hidden_size),
      token_type_embeddings(scope / "token_type_embeddings", config.type_vocab_size, config.hidden_size),
      layer_norm(scope / "LayerNorm", config.hidden_size, config.layer_norm_eps),
      dropout(scope / "dropout", config.hidden_dropout_prob) {}

template <class T>
Variable<T> BertEmbeddings<T>::forward(const BertContext<T>& context) const {
  const Variable<T> sum =
      functional::embedding<T>({word_embeddings.lookup(context.tape, context.batch.input_ids),
                                position_embeddings.lookup(context.tape, context.batch.position_ids),
                                token_type_embeddings.lookup(context.tape, context.batch.token_type_ids)});
  return dropout.forward(layer_norm.forward(sum), context);
}

template <class T>
BertResidualOutput<T>::BertResidualOutput(const nn::Scope<T>& scope, index_t in_features, const BertConfig& config)
    : dense(scope / "dense", in_features, config.hidden_size),
      layer_norm(scope / "LayerNorm", config.hidden_size, config.layer_norm_eps),
      dropout(scope / "dropout", config.hidden_dropout_prob) {}

template <class T>
Variable<T> BertResidualOutput<T>::forward(Variable<T> x, Variable<T> residual, const nn::Context<T>& context) const {
  return layer_norm.forward(dropout.forward(dense.forward(x), context), residual);
}

template <class T>
BertLayer<T>::BertLayer(const nn::Scope<T>& scope, const BertConfig& config)
    : query(scope / "attention.self.query", config.hidden_size, config.hidden_size),
      key(scope / "attention.self.key", config.hidden_size, config.hidden_size),
      value(scope / "attention.self.value", config.hidden_size, config.hidden_size),
      attention_dropout(scope / "attention.self.dropout", config.attention_probs_dropout_prob),
      attention_output(scope / "attention.output", config.hidden_size, config),
      intermediate(scope / "intermediate.dense", config.hidden_size, config.intermediate_size),
      output(scope / "output", config.intermediate_size, config),
      num_heads_(config.num_attention_heads),
      activation_(config.activation()) {}

template <class T>
Variable<T> BertLayer<T>::forward(Variable<T> hidden, const nn::Context<T>& context) const {
  return forward(hidden, hidden, context, context);
}

template <class T>
Variable<T> BertLayer<T>::forward(Variable<T> hidden, Variable<T> queries, const nn::Context<T>& context,
                                  const nn::Context<T>& query_context) const {
  functional::AttentionDropout drop;
  if (context.training) drop = {attention_dropout.p, context.key.fold(attention_dropout.site)};
  const Variable<T> q = query.forward(queries), k = key.forward(hidden), v = value.forward(hidden);
  const Variable<T> attended =
      functional::attention(q, k, v, num_heads_, query_context.sequences, context.sequences, drop);
  const Variable<T> middle = attention_output.forward(attended, queries, query_context);
  return output.forward(intermediate.forward(middle, activation_), middle, query_context);
}

template <class T>
BertPooler<T>::BertPooler(const nn::Scope<T>& scope, const BertConfig& config)
    : dense(scope / "dense", config.hidden_size, config.hidden_size) {}

template <class T>
Variable<T> BertPooler<T>::forward(Variable<T> hidden, const nn::Context<T>& context) const {
  const Sequences& s = context.sequences;
  return functional::tanh(dense.forward(functional::index_select(hidden, {s.cu_seqlens, core::usize(s.count)})));
}

template <class T>
BasicBertModel<T>::BasicBertModel(const nn::Scope<T>& scope, const BertConfig& config, bool add_pooling_layer)
    : nn::Module<T>((config.validate(), scope)), config_(config), embeddings(scope / "embeddings", config) {
  for (index_t i = 0; i < config.num_hidden_layers; ++i) layers.emplace_back(scope / "encoder.layer" / i, config);
  if (add_pooling_layer) pooler.emplace(scope / "pooler", config);
}

template <class T>
BasicBertModel<T> BasicBertModel<T>::from_pretrained(const std::filesystem::path& folder, LoadingInfo* info) {
  const BertConfig config = BertConfig::from_pretrained(folder);
  BasicBertModel model(config, std::nullopt, has_pretrained(folder, "pooler.dense.weight"));
  load_pretrained(model, folder, info);
  return model;
}

template <class T>
void BasicBertModel<T>::save_pretrained(const std::filesystem::path& folder) const {
  minibert::save_pretrained(*this, folder);
}

template <class T>
BertModelOutput<T> BasicBertModel<T>::forward(const BertContext<T>& context) const {
  BertModelOutput<T> output{hidden_state(context), std::nullopt};
  if (pooler) output.pooler_output = pooler->forward(output.last_hidden_state, context);
  return output;
}

template <class T>
Variable<T> BasicBertModel<T>::hidden_state(const BertContext<T>& context) const {
  PingPongBuffers<T> buffers = buffers_for(context);
  return encode(context, core::length(layers), buffers);
}

template <class T>
Variable<T> BasicBertModel<T>::hidden_state(const BertContext<T>& context, std::span<const index_t> indices) const {
  nn::Context<T> query_context = context;
  query_context.sequences = models::detail::keep_selected(context.tape, context.sequences, indices);
  const Variable<T> result =
      context.tape.recording() ? Variable<T>() : context.tape.buffer({core::length(indices), config_.hidden_size});
  PingPongBuffers<T> buffers = buffers_for(context);
  const Variable<T> hidden = encode(context, core::length(layers) - (layers.empty() ? 0 : 1), buffers);
  return context.tape.scoped(result, [&] {
    const Variable<T> queries = functional::index_select(hidden, indices);
    return layers.empty() ? queries : layers.back().forward(hidden, queries, context, query_context);
  });
}

template <class T>
BertContext<T> BasicBertModel<T>::context(Tape<T>& tape, const Batch& batch, const nn::StepContext& step) const {
  const Sequences sequences = models::detail::keep_sequences(tape, batch, config_.max_position_embeddings);
  return {{tape, sequences, step.training, random::Key(step.seed).fold(step.step)}, batch};
}

template <class T>
PingPongBuffers<T> BasicBertModel<T>::buffers_for(const BertContext<T>& context) const {
  return {context.tape, Shape{context.batch.num_tokens(), config_.hidden_size}};
}

template <class T>
Variable<T> BasicBertModel<T>::encode(const BertContext<T>& context, index_t num_layers,
                                      PingPongBuffers<T>& buffers) const {
  Variable<T> hidden = buffers.run([&] { return embeddings.forward(context); });
  for (index_t i = 0; i < num_layers; ++i)
    hidden = buffers.run([&] { return core::at(layers, i).forward(hidden, context); });
  return hidden;
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)         \
  template class BertEmbeddings<T>;     \
  template class BertResidualOutput<T>; \
  template class BertLayer<T>;          \
  template class BertPooler<T>;         \
  template class BasicBertModel<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
