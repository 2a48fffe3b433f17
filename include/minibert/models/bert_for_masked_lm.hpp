// BERT with the masked language modelling head.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include <minibert/models/bert.hpp>
#include <minibert/ops/cross_entropy.hpp>

namespace minibert {

/// What BertForMaskedLM gives: M masked tokens, V words.
template <class T>
struct MaskedLMOutput {
  Variable<T> loss;    ///< scalar: Σ negative log-likelihood over the masked tokens / items of the step's batch
  Variable<T> logits;  ///< (M, V): of the masked tokens only
};

/// transformers' BertForMaskedLM. The decoder's weights are the word embeddings, unless tie_word_embeddings is false.
template <class T>
class BasicBertForMaskedLM : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertForMaskedLM";

  /// A new model, with weights drawn from the seed (none: all zeros). @throws ValueError for a config that makes no
  /// model
  explicit BasicBertForMaskedLM(const BertConfig& config, std::optional<std::uint64_t> seed = 42)
      : bert(this->scope() / "bert", config, /*add_pooling_layer=*/false),
        transform(predictions() / "transform.dense", config.hidden_size, config.hidden_size),
        transform_norm(predictions() / "transform.LayerNorm", config.hidden_size, config.layer_norm_eps),
        bias(predictions().declare({.name = "bias", .shape = {config.vocab_size}, .decay = false})) {
    if (!config.tie_word_embeddings) decoder.emplace(predictions() / "decoder", config.hidden_size, config.vocab_size);
    if (seed) this->init_weights(config.initializer_range, *seed);
  }

  /// From a folder in Hugging Face's format: config.json and model.safetensors.
  /// @throws FormatError, IoError; also for weights the file has not, unless `info` takes the list of them
  static BasicBertForMaskedLM from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr) {
    BasicBertForMaskedLM model(BertConfig::from_pretrained(folder), std::nullopt);
    load_pretrained(model, folder, info);
    return model;
  }

  /// Writes config.json and model.safetensors. @throws IoError
  void save_pretrained(const std::filesystem::path& folder) { minibert::save_pretrained(*this, folder); }

  const BertConfig& config() const noexcept { return bert.config(); }

  /// Loss and logits of the batch's masked tokens. @throws ValueError for an id, type or position out of range
  MaskedLMOutput<T> forward(Tape<T>& tape, const MaskedLMBatch& batch, const nn::StepContext& step = {}) {
    const index_t items = step.num_items_in_batch < 0 ? batch.num_items() : step.num_items_in_batch;
    const Variable<T> scores = logits(tape, batch, batch.masked_rows, step);
    return {functional::cross_entropy<T>(scores, batch.labels, items), scores};
  }

  /// Logits of the tokens at `rows` of the batch's input_ids: (rows.size(), V). Neither the head nor, but for keys and
  /// values, the last layer computes another token.
  /// @throws ValueError for an id, type, position or row out of range
  Variable<T> logits(Tape<T>& tape, const Batch& batch, std::span<const index_t> rows,
                     const nn::StepContext& step = {}) {
    const Variable<T> chosen = chosen_state(batch, bert.context(tape, batch, step), rows);
    const Variable<T> transformed = config().uses_tanh_gelu()
                                        ? transform.template forward_activation<kernels::GeluTanh>(chosen)
                                        : transform.template forward_activation<kernels::GeluExact>(chosen);
    const Variable<T> normal = transform_norm.forward(transformed);
    if (decoder) return decoder->forward(normal);
    return functional::linear(normal, tape.parameter(*bert.embeddings.word_embeddings.weight), tape.parameter(*bias));
  }

  BasicBertModel<T> bert;
  nn::Linear<T> transform;
  nn::LayerNorm<T> transform_norm;
  Parameter<T>* bias;
  std::optional<nn::Linear<T>> decoder;  ///< only where tie_word_embeddings is false; `bias` then is unused, as in HF

 private:
  /// The last hidden state of rows in any order.
  Variable<T> chosen_state(const Batch& batch, const nn::Context<T>& context, std::span<const index_t> rows) const {
    if (std::is_sorted(rows.begin(), rows.end())) return bert.hidden_state(batch, context, rows);
    std::vector<index_t> ascending(rows.begin(), rows.end()), places;
    std::sort(ascending.begin(), ascending.end());
    for (const index_t row : rows)
      places.push_back(std::lower_bound(ascending.begin(), ascending.end(), row) - ascending.begin());
    return functional::index_select<T>(bert.hidden_state(batch, context, ascending), places);
  }
  nn::Scope<T> predictions() const { return this->scope() / "cls.predictions"; }
};

using BertForMaskedLM = BasicBertForMaskedLM<float>;

}  // namespace minibert
