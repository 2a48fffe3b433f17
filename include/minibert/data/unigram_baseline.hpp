// UnigramBaseline: the loss of predicting every masked token by the frequencies of the training text. A language model
// must do better.
#pragma once

#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>

namespace minibert {

/// Predicts every token with its frequency in the training text.
class UnigramBaseline {
 public:
  /// Counts the tokens of the training text. Every count starts at 1, so that no token has probability 0. Special
  /// tokens are ignored, because they are never masked. Reports the number of examples counted.
  UnigramBaseline(const TextDataset& train, const DataCollatorForLanguageModeling& collator,
                  const Progress& progress = {});

  /// Returns the mean negative log-likelihood of the dataset's masked tokens; 0 if none is masked. Masks the same
  /// tokens as an evaluation of the model.
  double evaluate(const TextDataset& dataset, const DataCollatorForLanguageModeling& collator) const;

 private:
  std::vector<double> negative_log_probability_;  // by id
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/unigram_baseline.ipp>
#endif
