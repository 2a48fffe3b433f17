// BERT (Devlin et al., 2018): embeddings, encoder, pooler. Structure and parameter names follow Hugging Face's
// modeling_bert. Sequences are concatenated without padding: N tokens, B sequences, hidden size H.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <minibert/autograd/pingpong_buffers.hpp>
#include <minibert/core/error.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/models/bert_config.hpp>
#include <minibert/models/pretrained.hpp>
#include <minibert/nn/context.hpp>
#include <minibert/nn/dropout.hpp>
#include <minibert/nn/embedding.hpp>
#include <minibert/nn/layer_norm.hpp>
#include <minibert/nn/linear.hpp>
#include <minibert/nn/module.hpp>

namespace minibert {

/// The state of one forward pass of BERT, and its input.
template <class T>
struct BertContext : nn::Context<T> {
  const Batch& batch;
};

/// Returns the weight initialization of a model with this config. Without a seed, the weights stay zero: use this for a
/// model whose weights are loaded next.
nn::WeightInit weight_init(const BertConfig& config, std::optional<std::uint64_t> seed);

/// Sums the word, position and token type embeddings, then applies layer norm and dropout.
template <class T>
class BertEmbeddings {
 public:
  BertEmbeddings(const nn::Scope<T>& scope, const BertConfig& config);

  /// Returns (N, H).
  Variable<T> forward(const BertContext<T>& context) const;

  nn::Embedding<T> word_embeddings, position_embeddings, token_type_embeddings;
  nn::LayerNorm<T> layer_norm;
  nn::Dropout<T> dropout;
};

/// Computes layer_norm(dropout(dense(x)) + residual), the end of the attention block and of the feed-forward block.
template <class T>
class BertResidualOutput {
 public:
  BertResidualOutput(const nn::Scope<T>& scope, index_t in_features, const BertConfig& config);

  /// x: (N, in_features), residual: (N, H). Returns (N, H).
  Variable<T> forward(Variable<T> x, Variable<T> residual, const nn::Context<T>& context) const;

  nn::Linear<T> dense;
  nn::LayerNorm<T> layer_norm;
  nn::Dropout<T> dropout;
};

/// An encoder layer: self-attention, then a feed-forward network, each with a residual connection.
template <class T>
class BertLayer {
 public:
  BertLayer(const nn::Scope<T>& scope, const BertConfig& config);

  /// hidden: (N, H). Returns (N, H).
  Variable<T> forward(Variable<T> hidden, const nn::Context<T>& context) const;

  /// Computes the layer's output for M of the tokens. For the other tokens, computes only keys and values.
  /// hidden: (N, H), all tokens. queries: (M, H), the rows of `hidden` for these M tokens.
  /// query_context: as `context`, but its sequences contain only these M tokens.
  /// Returns (M, H).
  Variable<T> forward(Variable<T> hidden, Variable<T> queries, const nn::Context<T>& context,
                      const nn::Context<T>& query_context) const;

  nn::Linear<T> query, key, value;
  nn::Dropout<T> attention_dropout;
  BertResidualOutput<T> attention_output;
  nn::Linear<T> intermediate;
  BertResidualOutput<T> output;

 private:
  index_t num_heads_;
  Activation activation_;
};

/// Applies a linear layer and tanh to the first token of each sequence. Only BERT's next sentence prediction trains the
/// pooler. A model trained for masked language modelling alone has none; use functional::mean_pool for its sentence
/// embeddings.
template <class T>
class BertPooler {
 public:
  BertPooler(const nn::Scope<T>& scope, const BertConfig& config);

  /// hidden: (N, H). Returns (B, H).
  Variable<T> forward(Variable<T> hidden, const nn::Context<T>& context) const;

  nn::Linear<T> dense;
};

/// The output of BertModel.
template <class T>
struct BertModelOutput {
  Variable<T> last_hidden_state;             ///< (N, H)
  std::optional<Variable<T>> pooler_output;  ///< (B, H), if the model has a pooler
};

/// Embeddings, encoder and optional pooler, as transformers' BertModel.
template <class T>
class BasicBertModel : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertModel";

  /// Makes a new model with random weights. Without a seed, all weights are zero.
  /// @throws ValueError for an invalid config
  explicit BasicBertModel(const BertConfig& config, std::optional<std::uint64_t> seed = 42,
                          bool add_pooling_layer = true)
      : BasicBertModel(nn::Scope<T>(weight_init(config, seed)), config, add_pooling_layer) {}

  /// Makes a BertModel that is a part of another model. `scope` gives its name and initialization.
  /// @throws ValueError for an invalid config
  BasicBertModel(const nn::Scope<T>& scope, const BertConfig& config, bool add_pooling_layer);

  /// Loads config.json and model.safetensors from a folder in Hugging Face's format. If the file has no pooler weights,
  /// the model has no pooler. This is the case for the models that train_mlm writes.
  /// @throws FormatError if a file is invalid, or if weights are missing and `info` is null (otherwise `info` lists
  /// them)
  /// @throws IoError if a file cannot be read
  static BasicBertModel from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr);

  /// Writes config.json and model.safetensors. @throws IoError if a file cannot be written
  void save_pretrained(const std::filesystem::path& folder) const;

  const BertConfig& config() const noexcept { return config_; }

  /// Runs the model on a batch. @throws ValueError if an id, type or position is out of range, or as context()
  BertModelOutput<T> forward(Tape<T>& tape, const Batch& batch, const nn::StepContext& step = {}) const {
    return forward(context(tape, batch, step));
  }

  /// Runs the model as a part of another model, which makes the context with context().
  BertModelOutput<T> forward(const BertContext<T>& context) const;

  /// Returns the last hidden states of all tokens, (N, H).
  Variable<T> hidden_state(const BertContext<T>& context) const;

  /// Returns the last hidden states of some tokens, (indices.size(), H). `indices` are ascending positions in the
  /// batch's input_ids. For the other tokens, the last layer computes only keys and values.
  /// @throws ValueError for an index that is out of range or not in order
  Variable<T> hidden_state(const BertContext<T>& context, std::span<const index_t> indices) const;

  /// Makes the context of a forward pass. The batch must outlive the context.
  /// @throws ValueError if a sequence is longer than max_position_embeddings, or if cu_seqlens does not fit the batch
  BertContext<T> context(Tape<T>& tape, const Batch& batch, const nn::StepContext& step) const;

 private:
  PingPongBuffers<T> buffers_for(const BertContext<T>& context) const;

  /// Runs the embeddings and the first num_layers layers. Returns (N, H).
  Variable<T> encode(const BertContext<T>& context, index_t num_layers, PingPongBuffers<T>& buffers) const;

  BertConfig config_;

 public:
  BertEmbeddings<T> embeddings;
  std::vector<BertLayer<T>> layers;
  std::optional<BertPooler<T>> pooler;
};

using BertModel = BasicBertModel<float>;

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/bert.ipp>
#endif
