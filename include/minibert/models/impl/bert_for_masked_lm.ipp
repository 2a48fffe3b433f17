// Definitions of models/bert_for_masked_lm.hpp.
#pragma once

#include <algorithm>

#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/ops/cross_entropy.hpp>
#include <minibert/ops/index_select.hpp>
#include <minibert/ops/linear.hpp>

namespace minibert {

template <class T>
BasicBertForMaskedLM<T>::BasicBertForMaskedLM(const BertConfig& config, std::optional<std::uint64_t> seed)
    : nn::Module<T>(nn::Scope<T>(weight_init(config, seed))),
      bert(this->scope() / "bert", config, /*add_pooling_layer=*/false),
      transform(predictions() / "transform.dense", config.hidden_size, config.hidden_size),
      transform_norm(predictions() / "transform.LayerNorm", config.hidden_size, config.layer_norm_eps),
      bias(predictions().declare({.name = "bias", .shape = {config.vocab_size}, .decay = false})) {
  if (!config.tie_word_embeddings) decoder.emplace(predictions() / "decoder", config.hidden_size, config.vocab_size);
}

template <class T>
BasicBertForMaskedLM<T> BasicBertForMaskedLM<T>::from_pretrained(const std::filesystem::path& folder,
                                                                 LoadingInfo* info) {
  BasicBertForMaskedLM model(BertConfig::from_pretrained(folder), std::nullopt);
  load_pretrained(model, folder, info);
  return model;
}

template <class T>
void BasicBertForMaskedLM<T>::save_pretrained(const std::filesystem::path& folder) const {
  minibert::save_pretrained(*this, folder);
}

template <class T>
MaskedLMOutput<T> BasicBertForMaskedLM<T>::forward(Tape<T>& tape, const MaskedLMBatch& batch,
                                                   const nn::StepContext& step) const {
  const index_t items = step.num_items_in_batch < 0 ? batch.num_items() : step.num_items_in_batch;
  const Variable<T> scores = logits(tape, batch, batch.masked_indices, step);
  return {functional::cross_entropy<T>(scores, batch.labels, items), scores};
}

template <class T>
Variable<T> BasicBertForMaskedLM<T>::logits(Tape<T>& tape, const Batch& batch, std::span<const index_t> indices,
                                            const nn::StepContext& step) const {
  const Variable<T> hidden = hidden_state(bert.context(tape, batch, step), indices);
  const Variable<T> transformed = transform_norm.forward(transform.forward(hidden, config().activation()));
  if (decoder) return decoder->forward(transformed);
  return functional::linear(transformed, tape.parameter(*bert.embeddings.word_embeddings.weight),
                            tape.parameter(*bias));
}

template <class T>
Variable<T> BasicBertForMaskedLM<T>::hidden_state(const BertContext<T>& context,
                                                  std::span<const index_t> indices) const {
  if (std::is_sorted(indices.begin(), indices.end())) return bert.hidden_state(context, indices);
  std::vector<index_t> ascending(indices.begin(), indices.end()), places;
  std::sort(ascending.begin(), ascending.end());
  for (const index_t index : indices)
    places.push_back(std::lower_bound(ascending.begin(), ascending.end(), index) - ascending.begin());
  return functional::index_select<T>(bert.hidden_state(context, ascending), places);
}

template <class T>
nn::Scope<T> BasicBertForMaskedLM<T>::predictions() const {
  return this->scope() / "cls.predictions";
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T) template class BasicBertForMaskedLM<T>;
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
