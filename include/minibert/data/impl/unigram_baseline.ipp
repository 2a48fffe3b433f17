// Definitions of data/unigram_baseline.hpp.
#pragma once

#include <array>
#include <cmath>

#include <minibert/data/unigram_baseline.hpp>

namespace minibert {

MINIBERT_INLINE UnigramBaseline::UnigramBaseline(const TextDataset& train,
                                                 const DataCollatorForLanguageModeling& collator,
                                                 const Progress& progress)
    : negative_log_probability_(core::usize(collator.vocab_size())) {
  std::vector<index_t> counts(core::usize(collator.vocab_size()), 1);
  std::vector<token_id> ids;
  for (index_t example = 0; example < train.size(); ++example) {
    ids.clear();
    train.append_ids(example, ids);
    for (const token_id id : ids) ++core::at(counts, id);
    if (progress && example % 4096 == 0) progress(example, train.size());
  }
  index_t total = 0;
  for (token_id id = 0; id < collator.vocab_size(); ++id)
    if (!collator.is_special(id)) total += core::at(counts, id);
  for (index_t id = 0; id < collator.vocab_size(); ++id)
    core::at(negative_log_probability_, id) =
        std::log(static_cast<double>(total) / static_cast<double>(core::at(counts, id)));
}

MINIBERT_INLINE double UnigramBaseline::evaluate(const TextDataset& dataset,
                                                 const DataCollatorForLanguageModeling& collator) const {
  MaskedLMBatch batch;
  double sum = 0;
  index_t num_items = 0;
  for (index_t example = 0; example < dataset.size(); ++example) {
    collator.collate(dataset, std::array{example}, {.training = false}, batch);
    for (const token_id label : batch.labels) sum += core::at(negative_log_probability_, label);
    num_items += batch.num_items();
  }
  return num_items == 0 ? 0 : sum / static_cast<double>(num_items);
}

}  // namespace minibert
