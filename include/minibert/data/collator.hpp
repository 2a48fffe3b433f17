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

/// Says what a batch is used for. The collator's random numbers depend on `training` and `epoch`, on the collator's
/// seed, and on the example.
struct CollateContext {
  bool training = true;   // false: evaluation, which masks the same tokens every time
  index_t epoch = 0;      // used only in training
  index_t first_row = 0;  // index of the batch's first sequence among all sequences of the optimizer step
};

/// The options of DataCollatorForLanguageModeling, with Hugging Face's names and defaults.
struct MaskingOptions {
  double mlm_probability = 0.15;                              // probability that a token is masked
  std::optional<double> eval_mlm_probability = std::nullopt;  // the same in evaluation; unset: mlm_probability
  double mask_replace_prob = 0.8;                             // share of masked tokens that [MASK] replaces
  double random_replace_prob = 0.1;                           // share that a random id replaces; the rest keep their id
  bool whole_word_mask = false;  // masks all tokens of a word or none, but draws a replacement per token
  std::uint64_t seed = 42;

  /// Returns the probability that a token is masked in training or in evaluation.
  double probability(bool training) const noexcept {
    return training ? mlm_probability : eval_mlm_probability.value_or(mlm_probability);
  }

  /// @throws ValueError if a probability is not in [0, 1]
  void validate() const;
};

/// Makes MaskedLMBatches. Random numbers decide whether and how a token is masked. They depend only on (seed, epoch,
/// index of the example in the whole text, position in the example), not on the batch or on earlier draws. Special
/// tokens are never masked. With whole_word_mask, all tokens of a word are masked if its first token is masked. Words
/// are as the pre-tokenizer splits them: a punctuation mark or a Chinese character is a word, too. Tokens with the
/// vocabulary's prefix (##) continue a word.
class DataCollatorForLanguageModeling {
 public:
  using Dataset = TextDataset;
  using Batch = MaskedLMBatch;

  /// A Tokenizer must have vocab_size(), mask_token_id(), is_special(id) and continues_word(id). The tokenizer need
  /// not outlive this call.
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

  /// Replaces the contents of `batch` by the given examples of the dataset, and masks them.
  void collate(const TextDataset& dataset, std::span<const index_t> examples, const CollateContext& context,
               MaskedLMBatch& batch) const;

 private:
  // Names the independent random draws for one position.
  enum Draw : std::uint32_t { kIsMasked, kReplacement, kRandomWord };

  /// A masked token keeps its id if its kReplacement draw, a number in [0, 1), is at least this value.
  double keep_from() const noexcept { return options_.mask_replace_prob + options_.random_replace_prob; }

  /// Masks tokens of the batch's last sequence, which begins at position first_token of input_ids. If texts are
  /// grouped, this sequence may begin within a word. The first token of the sequence then has a kIsMasked draw of its
  /// own, as if it began a word.
  void mask(MaskedLMBatch& batch, index_t first_token, random::Key key, double probability) const;

  MaskingOptions options_;
  index_t vocab_size_;
  token_id mask_token_id_;
  // Booleans, indexed by id. shares_draw_: the token is masked if and only if the token before it in its word is
  // masked.
  std::vector<char> is_special_, shares_draw_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/collator.ipp>
#endif
