// DataCollatorForLanguageModeling: makes batches for masked language modelling.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/data/text_dataset.hpp>

namespace minibert {

/// The use of a batch. Together with the seed and the example it determines the collator's random numbers.
struct CollateContext {
  bool training = true;   // false: evaluation, which masks the same tokens every time
  index_t epoch = 0;      // used only in training
  index_t first_row = 0;  // the first sequence's number in the batch of the whole optimizer step
};

/// The options of DataCollatorForLanguageModeling, with Hugging Face's names and defaults.
struct MaskingOptions {
  double mlm_probability = 0.15;                              // probability that a token is masked
  std::optional<double> eval_mlm_probability = std::nullopt;  // … in evaluation; unset: mlm_probability
  double mask_replace_prob = 0.8;                             // share of masked tokens replaced by [MASK]
  double random_replace_prob = 0.1;                           // … by a random vocabulary entry; the rest are kept
  bool whole_word_mask = false;  // mask all tokens of a word or none; the replacement is drawn for each token
  std::uint64_t seed = 42;

  /// Returns the probability that a token is masked.
  double probability(bool training) const noexcept {
    return training ? mlm_probability : eval_mlm_probability.value_or(mlm_probability);
  }

  /// @throws ValueError if a probability is not in [0, 1]
  void validate() const;
};

/// Makes MaskedLMBatches. Whether and how a token is masked depends only on (seed, epoch, number of the example in the
/// text, position), not on the batch or on earlier draws. Special tokens are never masked. With whole_word_mask, all
/// tokens of a word are masked if its first one is. Words are the pre-tokenizer's: a punctuation mark or a Chinese
/// character is a word, too. The vocabulary's prefix (##) tells which tokens continue a word.
class DataCollatorForLanguageModeling {
 public:
  using Dataset = TextDataset;
  using Batch = MaskedLMBatch;

  /// Tokenizer: has vocab_size(), mask_token_id(), is_special(id), continues_word(id).
  /// @throws ValueError if a probability is not in [0, 1]
  template <class Tokenizer>
  explicit DataCollatorForLanguageModeling(const Tokenizer& tokenizer, MaskingOptions options = {})
      : options_(options), vocab_size_(tokenizer.vocab_size()), mask_token_id_(tokenizer.mask_token_id()) {
    options.validate();
    for (token_id id = 0; id < vocab_size_; ++id) {
      is_special_.push_back(tokenizer.is_special(id) ? 1 : 0);
      shares_draw_.push_back(options.whole_word_mask && tokenizer.continues_word(id) ? 1 : 0);
    }
  }

  const MaskingOptions& options() const noexcept { return options_; }
  bool is_special(token_id id) const noexcept { return core::at(is_special_, id) != 0; }
  index_t vocab_size() const noexcept { return vocab_size_; }

  /// Replaces the contents of the batch by these examples of the dataset, masked.
  void collate(const TextDataset& dataset, std::span<const index_t> examples, const CollateContext& context,
               MaskedLMBatch& batch) const;

 private:
  // Numbers the random draws for one position.
  enum Draw : std::uint32_t { kIsMasked, kReplacement, kRandomWord };

  /// Returns the bound from which a draw keeps the original token.
  double keep_from() const noexcept { return options_.mask_replace_prob + options_.random_replace_prob; }

  /// Masks the batch's last sequence, which begins at first_token. Grouped text may begin within a word.
  void mask(MaskedLMBatch& batch, index_t first_token, random::Key key, double probability) const;

  MaskingOptions options_;
  index_t vocab_size_;
  token_id mask_token_id_;
  std::vector<char> is_special_, shares_draw_;  // by id; shares_draw_: masked if and only if the token before is
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/collator.ipp>
#endif
