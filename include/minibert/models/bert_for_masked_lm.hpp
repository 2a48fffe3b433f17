// BERT with the masked language modelling head.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/models/bert.hpp>

namespace minibert {

/// The output of BertForMaskedLM, for M masked tokens and a vocabulary of V.
template <class T>
struct MaskedLMOutput {
  Variable<T> loss;    ///< scalar: sum of the masked tokens' negative log-likelihoods, divided by num_items_in_batch
  Variable<T> logits;  ///< (M, V), one row per masked token
};

/// BERT with a masked language modelling head, as transformers' BertForMaskedLM. The decoder's weights are the word
/// embeddings, unless tie_word_embeddings is false.
template <class T>
class BasicBertForMaskedLM : public nn::Module<T> {
 public:
  static constexpr const char* kArchitecture = "BertForMaskedLM";

  /// Makes a new model with random weights. Without a seed, all weights are zero.
  /// @throws ValueError for an invalid config
  explicit BasicBertForMaskedLM(const BertConfig& config, std::optional<std::uint64_t> seed = 42);

  /// Loads config.json and model.safetensors from a folder in Hugging Face's format.
  /// @throws FormatError if a file is invalid, or if weights are missing and `info` is null (otherwise `info` lists
  /// them)
  /// @throws IoError if a file cannot be read
  static BasicBertForMaskedLM from_pretrained(const std::filesystem::path& folder, LoadingInfo* info = nullptr);

  /// Writes config.json and model.safetensors. @throws IoError if a file cannot be written
  void save_pretrained(const std::filesystem::path& folder) const;

  const BertConfig& config() const noexcept { return bert.config(); }

  /// Computes the loss and the logits of the batch's masked tokens.
  /// @throws ValueError for an id, type or position out of range
  MaskedLMOutput<T> forward(Tape<T>& tape, const MaskedLMBatch& batch, const nn::StepContext& step = {}) const;

  /// Returns the logits of some tokens, (indices.size(), V). `indices` are positions in the batch's input_ids, in any
  /// order. The head runs on these tokens only. For the other tokens, the last layer computes only keys and values.
  /// @throws ValueError for an id, type, position or index out of range
  Variable<T> logits(Tape<T>& tape, const Batch& batch, std::span<const index_t> indices,
                     const nn::StepContext& step = {}) const;

  BasicBertModel<T> bert;
  nn::Linear<T> transform;
  nn::LayerNorm<T> transform_norm;
  Parameter<T>* bias;
  std::optional<nn::Linear<T>> decoder;  ///< only without tie_word_embeddings; then `bias` is unused, as in HF

 private:
  /// Returns the last hidden states of the tokens at `indices`, in the same order, (indices.size(), H). `indices` need
  /// not be ascending.
  Variable<T> hidden_state(const BertContext<T>& context, std::span<const index_t> indices) const;
  nn::Scope<T> predictions() const;
};

using BertForMaskedLM = BasicBertForMaskedLM<float>;

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/models/impl/bert_for_masked_lm.ipp>
#endif
