// BERT (Devlin et al., 2018): embeddings, encoder, pooler. Structure and parameter names as in Hugging Face's
// modeling_bert. Sequences are laid end to end: N tokens, B sequences, hidden size H.
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

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
  Variable<T> forward(const Batch& batch, const nn::Context<T>& context) const {
    const Variable<T> sum =
        functional::embedding<T>({word_embeddings.lookup(context.tape, batch.input_ids),
                                  position_embeddings.lookup(context.tape, batch.position_ids),
                                  token_type_embeddings.lookup(context.tape, batch.token_type_ids)});
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
        uses_tanh_gelu_(config.uses_tanh_gelu()) {}

  /// hidden: (N, H); (N, H)
  Variable<T> forward(Variable<T> hidden, const nn::Context<T>& context) const {
    return forward(hidden, hidden, context, context);
  }

  /// What the layer makes of some of its tokens: nothing but keys and values is computed of the others.
  /// chosen: (M, H), the rows of `hidden` (N, H) that are the sequences of chosen_context; (M, H)
  Variable<T> forward(Variable<T> hidden, Variable<T> chosen, const nn::Context<T>& context,
                      const nn::Context<T>& chosen_context) const {
    functional::AttentionDropout drop;
    if (context.training) drop = {attention_dropout.p, context.key.fold(attention_dropout.site)};
    const Variable<T> q = query.forward(chosen), k = key.forward(hidden), v = value.forward(hidden);
    const Variable<T> attended =
        functional::attention(q, k, v, num_heads_, chosen_context.sequences, context.sequences, drop);
    const Variable<T> middle = attention_output.forward(attended, chosen, chosen_context);
    const Variable<T> wide = uses_tanh_gelu_ ? intermediate.template forward_activation<kernels::GeluTanh>(middle)
                                             : intermediate.template forward_activation<kernels::GeluExact>(middle);
    return output.forward(wide, middle, chosen_context);
  }

  nn::Linear<T> query, key, value;
  nn::Dropout<T> attention_dropout;
  BertResidualOutput<T> attention_output;
  nn::Linear<T> intermediate;
  BertResidualOutput<T> output;

 private:
  index_t num_heads_;
  bool uses_tanh_gelu_;
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

/// Embeddings, encoder and, unless told otherwise, pooler: transformers' BertModel.
template <class T>
class BasicBertModel : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertModel";

  /// A model of its own, with weights drawn from the seed (none: all zeros). @throws ValueError for a config that makes
  /// no model
  explicit BasicBertModel(const BertConfig& config, std::optional<std::uint64_t> seed = 42,
                          bool add_pooling_layer = true)
      : BasicBertModel(nn::Scope<T>(), config, add_pooling_layer) {
    if (seed) this->init_weights(config.initializer_range, *seed);
  }

  /// A part of another model, which draws the weights.
  BasicBertModel(const nn::Scope<T>& scope, const BertConfig& config, bool add_pooling_layer)
      : nn::Module<T>((config.validate(), scope)), config_(config), embeddings(scope / "embeddings", config) {
    for (index_t i = 0; i < config.num_hidden_layers; ++i) layers.emplace_back(scope / "encoder.layer" / i, config);
    if (add_pooling_layer) pooler.emplace(scope / "pooler", config);
  }

  /// From a folder in Hugging Face's format: config.json and model.safetensors.
  /// @throws FormatError, IoError; also for weights the file has not, unless `info` takes the list of them
  static BasicBertModel from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
    BasicBertModel model(BertConfig::from_pretrained(folder), std::nullopt);
    load_pretrained(model, folder, info);
    return model;
  }

  /// Writes config.json and model.safetensors. @throws IoError
  void save_pretrained(const std::filesystem::path& folder) { minibert::save_pretrained(*this, folder); }

  const BertConfig& config() const noexcept { return config_; }

  /// The encoder's output for a batch. @throws ValueError for an id, type or position out of range
  BertModelOutput<T> forward(Tape<T>& tape, const Batch& batch, const nn::StepContext& step = {}) {
    return forward(batch, context(tape, batch, step));
  }

  /// The same, for a model that this one is a part of.
  BertModelOutput<T> forward(const Batch& batch, const nn::Context<T>& context) const {
    BertModelOutput<T> output{hidden_state(batch, context), std::nullopt};
    if (pooler) output.pooler_output = pooler->forward(output.last_hidden_state, context);
    return output;
  }

  /// The last hidden state of all tokens, (N, H), or of those at `rows` of the batch's input_ids, ascending:
  /// (rows.size(), H), for which the last layer computes no more than they need.
  /// @throws ValueError for a row that there is not, or that is not in order
  Variable<T> hidden_state(const Batch& batch, const nn::Context<T>& context,
                           std::optional<std::span<const index_t>> rows = std::nullopt) const {
    // A tape that does not record keeps two layers' outputs; whatever else a layer makes is given back.
    Tape<T>& tape = context.tape;
    const auto room = [&](index_t tokens) {
      return tape.recording() ? Variable<T>() : tape.empty("hidden", Shape{tokens, config_.hidden_size}, {});
    };
    nn::Context<T> chosen_context = context;
    if (rows) chosen_context.sequences = detail::keep_chosen(tape, context.sequences, *rows);
    const std::array<Variable<T>, 2> kept{room(batch.num_tokens()), room(batch.num_tokens())};
    const Variable<T> last = rows ? room(core::length(*rows)) : Variable<T>();
    std::size_t turn = 0;
    const auto run = [&](auto layer) { return tape.scoped(kept[turn++ % 2], layer); };

    Variable<T> hidden = run([&] { return embeddings.forward(batch, context); });
    const index_t num_whole = core::length(layers) - (rows && !layers.empty() ? 1 : 0);
    for (index_t i = 0; i < num_whole; ++i) hidden = run([&] { return core::at(layers, i).forward(hidden, context); });
    if (!rows) return hidden;
    return tape.scoped(last, [&] {
      const Variable<T> chosen = functional::index_select(hidden, *rows);
      return layers.empty() ? chosen : layers.back().forward(hidden, chosen, context, chosen_context);
    });
  }

  /// What the layers need to know of this forward pass. @throws ValueError for a sequence longer than the positions
  nn::Context<T> context(Tape<T>& tape, const Batch& batch, const nn::StepContext& step) const {
    const Sequences sequences = detail::keep_sequences(tape, batch, config_.max_position_embeddings);
    return {tape, sequences, this->training(), random::Key(step.seed).fold(step.step)};
  }

 private:
  BertConfig config_;

 public:
  BertEmbeddings<T> embeddings;
  std::vector<BertLayer<T>> layers;
  std::optional<BertPooler<T>> pooler;
};

using BertModel = BasicBertModel<float>;

}  // namespace minibert
