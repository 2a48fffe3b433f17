// The baseline that a language model has to leave behind: guessing every masked token by its frequency in the text.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>

namespace minibert {

/// Knows how often each token came in the training text, and nothing else.
class UnigramBaseline {
 public:
  /// Counts the training tokens; each counts once more than it was seen, so that none is impossible. Special tokens
  /// are left out, as they are never masked. Progress counts examples.
  UnigramBaseline(const TextDataset& train, const DataCollatorForLanguageModeling& collator,
                  const Progress& progress = {})
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

  /// The mean negative log-likelihood of the masked tokens of a dataset, masked as every evaluation masks it; 0 when
  /// none is masked.
  double evaluate(const TextDataset& dataset, const DataCollatorForLanguageModeling& collator) const {
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

 private:
  std::vector<double> negative_log_probability_;  // by id
};

}  // namespace minibert
