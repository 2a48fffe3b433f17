// Definitions of data/collator.hpp.
#pragma once

#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/data/collator.hpp>

namespace minibert {

MINIBERT_INLINE void MaskingOptions::validate() const {
  const std::pair<const char*, double> probabilities[] = {
      {"mlm_probability", mlm_probability},
      {"eval_mlm_probability", probability(false)},
      {"mask_replace_prob", mask_replace_prob},
      {"random_replace_prob", random_replace_prob},
      {"mask_replace_prob + random_replace_prob", mask_replace_prob + random_replace_prob}};
  for (const auto& [name, value] : probabilities)
    core::check<ValueError>(value >= 0 && value <= 1, name, " is ", value, ", expected a probability, 0 to 1");
}

MINIBERT_INLINE void DataCollatorForLanguageModeling::collate(const TextDataset& dataset,
                                                              std::span<const index_t> examples,
                                                              const CollateContext& context,
                                                              MaskedLMBatch& batch) const {
  batch.clear();
  const random::Key seed_key(options_.seed);
  const random::Key key = context.training ? seed_key.fold(random::site("mask in training")).fold(context.epoch)
                                           : seed_key.fold(random::site("mask in evaluation"));
  for (index_t i = 0; i < core::length(examples); ++i) {
    const index_t example = core::at(examples, i);
    const index_t first_token = batch.num_tokens();
    dataset.append_ids(example, batch.input_ids);
    batch.end_sequence(context.first_row + i);
    mask(batch, first_token, key.fold(dataset.number(example)), options_.probability(context.training));
  }
}

MINIBERT_INLINE void DataCollatorForLanguageModeling::mask(MaskedLMBatch& batch, index_t first_token, random::Key key,
                                                           double probability) const {
  bool follows_word = false, is_masked = false;
  for (index_t row = first_token; row < batch.num_tokens(); ++row) {
    token_id& id = core::at(batch.input_ids, row);
    const auto position = static_cast<std::uint32_t>(row - first_token);
    const bool shares_draw = follows_word && core::at(shares_draw_, id) != 0;
    follows_word = !is_special(id);
    if (!follows_word) continue;
    if (!shares_draw) is_masked = key.uniform(position, kIsMasked) < probability;
    if (!is_masked) continue;
    batch.masked_indices.push_back(row);
    batch.labels.push_back(id);
    const double draw = key.uniform(position, kReplacement);
    if (draw < options_.mask_replace_prob)
      id = mask_token_id_;
    else if (draw < keep_from())
      id = static_cast<token_id>(key.below(vocab_size_, position, kRandomWord));
  }
}

}  // namespace minibert
