// BERT with the masked language modelling head.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include <minibert/models/bert.hpp>
#include <minibert/ops/cross_entropy.hpp>

namespace minibert {

/// The output of BertForMaskedLM, for M masked tokens and a vocabulary of V.
template <class T>
struct MaskedLMOutput {
  Variable<T> loss;    ///< scalar: sum of the masked tokens' negative log-likelihoods, divided by num_items_in_batch
  Variable<T> logits;  ///< (M, V), masked tokens only
};

/// BERT with a masked language modelling head, as transformers' BertForMaskedLM. The decoder's weights are the word
/// embeddings, unless tie_word_embeddings is false.
template <class T>
class BasicBertForMaskedLM : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertForMaskedLM";

  /// Makes a new model with random weights; without a seed, all weights are zero. @throws ValueError for an invalid
  /// config
  explicit BasicBertForMaskedLM(const BertConfig& config, std::optional<std::uint64_t> seed = 42)
      : nn::Module<T>(nn::Scope<T>(weight_init(config, seed))),
        bert(this->scope() / "bert", config, /*add_pooling_layer=*/false),
        transform(predictions() / "transform.dense", config.hidden_size, config.hidden_size),
        transform_norm(predictions() / "transform.LayerNorm", config.hidden_size, config.layer_norm_eps),
        bias(predictions().declare({.name = "bias", .shape = {config.vocab_size}, .decay = false})) {
    if (!config.tie_word_embeddings) decoder.emplace(predictions() / "decoder", config.hidden_size, config.vocab_size);
  }

  /// Loads config.json and model.safetensors from a folder in Hugging Face's format.
  /// @throws FormatError for an invalid file, and for missing weights unless `info` is given to list them
  /// @throws IoError if a file cannot be read
  static BasicBertForMaskedLM from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
    BasicBertForMaskedLM model(BertConfig::from_pretrained(folder), std::nullopt);
    load_pretrained(model, folder, info);
    return model;
  }

  /// Writes config.json and model.safetensors. @throws IoError
  void save_pretrained(const std::filesystem::path& folder) const { minibert::save_pretrained(*this, folder); }

  const BertConfig& config() const noexcept { return bert.config(); }

  /// Computes loss and logits of the batch's masked tokens. @throws ValueError for an id, type or position out of range
  MaskedLMOutput<T> forward(Tape<T>& tape, const MaskedLMBatch& batch, const nn::StepContext& step = {}) const {
    const index_t items = step.num_items_in_batch < 0 ? batch.num_items() : step.num_items_in_batch;
    const Variable<T> scores = logits(tape, batch, batch.masked_indices, step);
    return {functional::cross_entropy<T>(scores, batch.labels, items), scores};
  }

  /// Returns the logits of some tokens, (indices.size(), V). `indices` are positions in the batch's input_ids. The head
  /// runs on these tokens only. For the other tokens, the last layer computes only keys and values.
  /// @throws ValueError for an id, type, position or index out of range
  Variable<T> logits(Tape<T>& tape, const Batch& batch, std::span<const index_t> indices,
                     const nn::StepContext& step = {}) const {
    const Variable<T> hidden = hidden_state(bert.context(tape, batch, step), indices);
    const Variable<T> transformed = transform_norm.forward(transform.forward(hidden, config().activation()));
    if (decoder) return decoder->forward(transformed);
    return functional::linear(transformed, tape.parameter(*bert.embeddings.word_embeddings.weight),
                              tape.parameter(*bias));
  }

  BasicBertModel<T> bert;
  nn::Linear<T> transform;
  nn::LayerNorm<T> transform_norm;
  Parameter<T>* bias;
  std::optional<nn::Linear<T>> decoder;  ///< set if tie_word_embeddings is false; `bias` is then unused, as in HF

 private:
  /// Returns the last hidden state of the tokens at `indices`, which may be in any order.
  Variable<T> hidden_state(const BertContext<T>& context, std::span<const index_t> indices) const {
    if (std::is_sorted(indices.begin(), indices.end())) return bert.hidden_state(context, indices);
    std::vector<index_t> ascending(indices.begin(), indices.end()), places;
    std::sort(ascending.begin(), ascending.end());
    for (const index_t index : indices)
      places.push_back(std::lower_bound(ascending.begin(), ascending.end(), index) - ascending.begin());
    return functional::index_select<T>(bert.hidden_state(context, ascending), places);
  }
  nn::Scope<T> predictions() const { return this->scope() / "cls.predictions"; }
};

using BertForMaskedLM = BasicBertForMaskedLM<float>;

}  // namespace minibert
