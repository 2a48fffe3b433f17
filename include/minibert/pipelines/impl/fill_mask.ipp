// Definitions of pipelines/fill_mask.hpp.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/ops/softmax.hpp>
#include <minibert/pipelines/fill_mask.hpp>

namespace minibert {

template <class T>
std::vector<std::vector<FillMaskPrediction>> fill_mask(const BasicBertForMaskedLM<T>& model,
                                                       const BertTokenizer& tokenizer, std::string_view text,
                                                       index_t top_k) {
  const index_t vocab_size = model.config().vocab_size;
  core::check<ValueError>(top_k >= 1 && top_k <= vocab_size, "fill_mask: top_k is ", top_k, ", expected 1 to ",
                          vocab_size);
  const std::vector<token_id> ids = tokenizer.encode(text);
  const index_t most = model.config().max_position_embeddings;
  core::check<ValueError>(core::length(ids) <= most, "fill_mask: the text has ", ids.size(),
                          " tokens, expected at most the model's max_position_embeddings, ", most);
  Batch batch;
  batch.append(ids, 0);
  std::vector<index_t> masks;
  for (index_t t = 0; t < batch.num_tokens(); ++t)
    if (core::at(batch.input_ids, t) == tokenizer.mask_token_id()) masks.push_back(t);
  core::check<ValueError>(!masks.empty(), "fill_mask: the text '", text, "' contains no ",
                          tokenizer.options().mask_token, ", expected one or more");

  const no_grad no_recording;
  Tape<T> tape;
  const Variable<T> scores = functional::softmax(model.logits(tape, batch, masks));

  std::vector<std::vector<FillMaskPrediction>> result;
  std::vector<token_id> order(core::usize(vocab_size));
  for (index_t i = 0; i < core::length(masks); ++i) {
    const T* row = scores.data() + i * vocab_size;
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + top_k, order.end(),
                      [row](token_id a, token_id b) { return row[a] > row[b] || (row[a] == row[b] && a < b); });
    auto& predictions = result.emplace_back();
    for (index_t rank = 0; rank < top_k; ++rank) {
      const token_id token = core::at(order, rank);
      std::vector<token_id> filled = batch.input_ids;
      core::at(filled, core::at(masks, i)) = token;
      std::erase(filled, tokenizer.pad_token_id());
      predictions.push_back({static_cast<double>(row[token]), token, tokenizer.decode({token}),
                             tokenizer.decode(filled, /*skip_special_tokens=*/masks.size() == 1)});
    }
  }
  return result;
}

MINIBERT_INLINE FillMaskPipeline::FillMaskPipeline(BertForMaskedLM model, BertTokenizer tokenizer)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)) {
  core::check<ValueError>(tokenizer_.vocab_size() <= model_.config().vocab_size, "fill_mask: the tokenizer has ",
                          tokenizer_.vocab_size(), " tokens, expected at most the model's vocab_size, ",
                          model_.config().vocab_size);
}

MINIBERT_INLINE FillMaskPipeline FillMaskPipeline::from_pretrained(const std::filesystem::path& folder) {
  return {BertForMaskedLM::from_pretrained(folder), BertTokenizer::from_pretrained(folder)};
}

MINIBERT_INLINE std::vector<std::vector<FillMaskPrediction>> FillMaskPipeline::operator()(std::string_view text,
                                                                                          index_t top_k) const {
  return fill_mask(model_, tokenizer_, text, top_k);
}

#ifdef MINIBERT_COMPILED
#define MINIBERT_INSTANTIATE(T)                                    \
  template std::vector<std::vector<FillMaskPrediction>> fill_mask( \
      const BasicBertForMaskedLM<T>& model, const BertTokenizer& tokenizer, std::string_view text, index_t top_k);
MINIBERT_INSTANTIATE(float)
MINIBERT_INSTANTIATE(double)
#undef MINIBERT_INSTANTIATE
#endif

}  // namespace minibert
