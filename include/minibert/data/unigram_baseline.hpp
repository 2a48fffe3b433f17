// UnigramBaseline: the loss of a predictor that knows only how frequent each token is in the training text. A language
// model must do better.
#pragma once

#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/data/collator.hpp>

namespace minibert {

/// Predicts every token with a probability equal to its relative frequency in the training text.
class UnigramBaseline {
 public:
  /// Counts the tokens of the training text. Every count starts at 1, so that no token has probability 0. Special
  /// tokens are ignored, because they are never masked. `progress` receives the number of examples counted so far.
  UnigramBaseline(const TextDataset& train, const DataCollatorForLanguageModeling& collator,
                  const Progress& progress = {});

  /// Returns the mean negative log-likelihood of the dataset's masked tokens, or 0 if no token is masked. Masks the
  /// same tokens as an evaluation of a model with this collator.
  double evaluate(const TextDataset& dataset, const DataCollatorForLanguageModeling& collator) const;

 private:
  std::vector<double> negative_log_probability_;  // indexed by id
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/unigram_baseline.ipp>
#endif
