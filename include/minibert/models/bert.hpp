// BERT (Devlin et al., 2018): embeddings, encoder, pooler. Structure and parameter names as in Hugging Face's
// modeling_bert. Sequences are laid end to end: N tokens, B sequences, hidden size H.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <minibert/autograd/pingpong_buffers.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/models/detail/sequences.hpp>
#include <minibert/models/pretrained.hpp>
#include <minibert/nn/context.hpp>
#include <minibert/nn/dropout.hpp>
#include <minibert/nn/embedding.hpp>
#include <minibert/nn/layer_norm.hpp>
#include <minibert/nn/linear.hpp>
#include <minibert/nn/module.hpp>
#include <minibert/ops/attention.hpp>
#include <minibert/ops/index_select.hpp>
#include <minibert/ops/unary.hpp>

namespace minibert {

/// One forward pass of BERT.
template <class T>
struct BertContext : nn::Context<T> {
  const Batch& batch;
};

/// How a model of this config draws its weights; without a seed it leaves them zero, to be loaded.
inline nn::WeightInit weight_init(const BertConfig& config, std::optional<std::uint64_t> seed) {
  return {.seed = seed.value_or(0), .standard_deviation = config.initializer_range, .draw = seed.has_value()};
}

/// Word, position and token type embedding, summed, normalised, dropped out.
template <class T>
class BertEmbeddings {
 public:
  BertEmbeddings(const nn::Scope<T>& scope, const BertConfig& config)
      : word_embeddings(scope / "word_embeddings", config.vocab_size, config.hidden_size,
                        config.pad_token_id.value_or(-1)),
        position_embeddings(scope / "position_embeddings", config.max_position_embeddings, config.hidden_size),
        token_type_embeddings(scope / "token_type_embeddings", config.type_vocab_size, config.hidden_size),
        layer_norm(scope / "LayerNorm", config.hidden_size, config.layer_norm_eps),
        dropout(scope / "dropout", config.hidden_dropout_prob) {}

  /// (N, H)
  Variable<T> forward(const BertContext<T>& context) const {
    const Variable<T> sum =
        functional::embedding<T>({word_embeddings.lookup(context.tape, context.batch.input_ids),
                                  position_embeddings.lookup(context.tape, context.batch.position_ids),
                                  token_type_embeddings.lookup(context.tape, context.batch.token_type_ids)});
    return dropout.forward(layer_norm.forward(sum), context);
  }

  nn::Embedding<T> word_embeddings, position_embeddings, token_type_embeddings;
  nn::LayerNorm<T> layer_norm;
  nn::Dropout<T> dropout;
};

/// A linear layer, dropout, and layer norm of the sum with what came in: the end of both halves of a layer.
template <class T>
class BertResidualOutput {
 public:
  BertResidualOutput(const nn::Scope<T>& scope, index_t in_features, const BertConfig& config)
      : dense(scope / "dense", in_features, config.hidden_size),
        layer_norm(scope / "LayerNorm", config.hidden_size, config.layer_norm_eps),
        dropout(scope / "dropout", config.hidden_dropout_prob) {}

  /// x: (N, in_features), residual: (N, H); (N, H)
  Variable<T> forward(Variable<T> x, Variable<T> residual, const nn::Context<T>& context) const {
    return layer_norm.forward(dropout.forward(dense.forward(x), context), residual);
  }

  nn::Linear<T> dense;
  nn::LayerNorm<T> layer_norm;
  nn::Dropout<T> dropout;
};

/// Self-attention with its output, and a feed-forward network with its own.
template <class T>
class BertLayer {
 public:
  BertLayer(const nn::Scope<T>& scope, const BertConfig& config)
      : query(scope / "attention.self.query", config.hidden_size, config.hidden_size),
        key(scope / "attention.self.key", config.hidden_size, config.hidden_size),
        value(scope / "attention.self.value", config.hidden_size, config.hidden_size),
        attention_dropout(scope / "attention.self.dropout", config.attention_probs_dropout_prob),
        attention_output(scope / "attention.output", config.hidden_size, config),
        intermediate(scope / "intermediate.dense", config.hidden_size, config.intermediate_size),
        output(scope / "output", config.intermediate_size, config),
        num_heads_(config.num_attention_heads),
        activation_(config.activation()) {}

  /// hidden: (N, H); (N, H)
  Variable<T> forward(Variable<T> hidden, const nn::Context<T>& context) const {
    return forward(hidden, hidden, context, context);
  }

  /// The layer's output for some of its tokens. Of all other tokens only keys and values are computed.
  /// hidden: (N, H), all tokens; queries: (M, H), the rows of `hidden` that are the sequences of query_context; (M, H)
  Variable<T> forward(Variable<T> hidden, Variable<T> queries, const nn::Context<T>& context,
                      const nn::Context<T>& query_context) const {
    functional::AttentionDropout drop;
    if (context.training) drop = {attention_dropout.p, context.key.fold(attention_dropout.site)};
    const Variable<T> q = query.forward(queries), k = key.forward(hidden), v = value.forward(hidden);
    const Variable<T> attended =
        functional::attention(q, k, v, num_heads_, query_context.sequences, context.sequences, drop);
    const Variable<T> middle = attention_output.forward(attended, queries, query_context);
    return output.forward(intermediate.forward(middle, activation_), middle, query_context);
  }

  nn::Linear<T> query, key, value;
  nn::Dropout<T> attention_dropout;
  BertResidualOutput<T> attention_output;
  nn::Linear<T> intermediate;
  BertResidualOutput<T> output;

 private:
  index_t num_heads_;
  Activation activation_;
};

/// The first token of each sequence through a linear layer and tanh. Trained by BERT's sentence task only: a model
/// trained for masked language modelling alone has none, and its sentence embeddings are means (functional::mean_pool).
template <class T>
class BertPooler {
 public:
  BertPooler(const nn::Scope<T>& scope, const BertConfig& config)
      : dense(scope / "dense", config.hidden_size, config.hidden_size) {}

  /// hidden: (N, H); (B, H)
  Variable<T> forward(Variable<T> hidden, const nn::Context<T>& context) const {
    const Sequences& s = context.sequences;
    return functional::tanh(dense.forward(functional::index_select(hidden, {s.cu_seqlens, core::usize(s.count)})));
  }

  nn::Linear<T> dense;
};

/// What BertModel gives.
template <class T>
struct BertModelOutput {
  Variable<T> last_hidden_state;             ///< (N, H)
  std::optional<Variable<T>> pooler_output;  ///< (B, H), if the model has a pooler
};

/// transformers' BertModel: embeddings, encoder and, unless told otherwise, pooler.
template <class T>
class BasicBertModel : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertModel";

  /// A new model, with weights drawn from the seed (none: all zeros). @throws ValueError for an unusable config
  explicit BasicBertModel(const BertConfig& config, std::optional<std::uint64_t> seed = 42,
                          bool add_pooling_layer = true)
      : BasicBertModel(nn::Scope<T>(weight_init(config, seed)), config, add_pooling_layer) {}

  /// A part of another model, whose scope says how weights are drawn. @throws ValueError for an unusable config
  BasicBertModel(const nn::Scope<T>& scope, const BertConfig& config, bool add_pooling_layer)
      : nn::Module<T>((config.validate(), scope)), config_(config), embeddings(scope / "embeddings", config) {
    for (index_t i = 0; i < config.num_hidden_layers; ++i) layers.emplace_back(scope / "encoder.layer" / i, config);
    if (add_pooling_layer) pooler.emplace(scope / "pooler", config);
  }

  /// Opens a folder in Hugging Face's format: config.json and model.safetensors. A folder without pooler weights, as
  /// train_mlm writes it, gives a model without a pooler.
  /// @throws FormatError, IoError; also for weights missing in the file, unless `info` takes the list of them
  static BasicBertModel from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
    const BertConfig config = BertConfig::from_pretrained(folder);
    BasicBertModel model(config, std::nullopt, has_pretrained(folder, "pooler.dense.weight"));
    load_pretrained(model, folder, info);
    return model;
  }

  /// Writes config.json and model.safetensors. @throws IoError
  void save_pretrained(const std::filesystem::path& folder) const { minibert::save_pretrained(*this, folder); }

  const BertConfig& config() const noexcept { return config_; }

  /// The encoder's output for a batch. @throws ValueError for an id, type or position out of range
  BertModelOutput<T> forward(Tape<T>& tape, const Batch& batch, const nn::StepContext& step = {}) const {
    return forward(context(tape, batch, step));
  }

  /// The same, for a model that this one is a part of.
  BertModelOutput<T> forward(const BertContext<T>& context) const {
    BertModelOutput<T> output{hidden_state(context), std::nullopt};
    if (pooler) output.pooler_output = pooler->forward(output.last_hidden_state, context);
    return output;
  }

  /// The last hidden state of all tokens: (N, H).
  Variable<T> hidden_state(const BertContext<T>& context) const {
    PingPongBuffers<T> buffers = buffers_for(context);
    return encode(context, core::length(layers), buffers);
  }

  /// The last hidden state of the tokens at `indices` of the batch's input_ids, ascending: (indices.size(), H). The
  /// last layer computes only what these tokens need.
  /// @throws ValueError for an index out of range, or not in order
  Variable<T> hidden_state(const BertContext<T>& context, std::span<const index_t> indices) const {
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

  /// What the layers need to know of this forward pass. The batch must outlive the context.
  /// @throws ValueError for a sequence longer than max_position_embeddings
  BertContext<T> context(Tape<T>& tape, const Batch& batch, const nn::StepContext& step) const {
    const Sequences sequences = models::detail::keep_sequences(tape, batch, config_.max_position_embeddings);
    return {{tape, sequences, step.training, random::Key(step.seed).fold(step.step)}, batch};
  }

 private:
  PingPongBuffers<T> buffers_for(const BertContext<T>& context) const {
    return {context.tape, Shape{context.batch.num_tokens(), config_.hidden_size}};
  }

  /// Embeddings and the first num_layers layers: (N, H).
  Variable<T> encode(const BertContext<T>& context, index_t num_layers, PingPongBuffers<T>& buffers) const {
    Variable<T> hidden = buffers.run([&] { return embeddings.forward(context); });
    for (index_t i = 0; i < num_layers; ++i)
      hidden = buffers.run([&] { return core::at(layers, i).forward(hidden, context); });
    return hidden;
  }

  BertConfig config_;

 public:
  BertEmbeddings<T> embeddings;
  std::vector<BertLayer<T>> layers;
  std::optional<BertPooler<T>> pooler;
};

using BertModel = BasicBertModel<float>;

}  // namespace minibert
