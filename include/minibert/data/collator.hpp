// Batches for masked language modelling: which tokens are to be guessed, and what stands in their place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/batch.hpp>
#include <minibert/data/text_dataset.hpp>

namespace minibert {

/// What a collator's random numbers are keyed by, beside its seed and the example.
struct CollateContext {
  bool training = true;   // false: the draws of evaluation, the same every time
  index_t epoch = 0;      // only in training
  index_t first_row = 0;  // the first sequence's number in the batch of the whole optimizer step
};

/// How DataCollatorForLanguageModeling masks: Hugging Face's names and defaults.
struct MaskingOptions {
  double mlm_probability = 0.15;                              // of a token to be guessed
  std::optional<double> eval_mlm_probability = std::nullopt;  // … in evaluation, unless it is the same there
  double mask_replace_prob = 0.8;                             // of such a token to become [MASK]
  double random_replace_prob = 0.1;  // … to become a random entry of the vocabulary; else it stays
  bool whole_word_mask =
      false;  // a word is guessed as a whole or not at all; what becomes of its tokens is drawn for each
  std::uint64_t seed = 42;

  /// That a token is to be guessed.
  double probability(bool training) const noexcept {
    return training ? mlm_probability : eval_mlm_probability.value_or(mlm_probability);
  }

  /// ValueError for probabilities that are none.
  void validate() const {
    const std::pair<const char*, double> probabilities[] = {
        {"mlm_probability", mlm_probability},
        {"eval_mlm_probability", probability(false)},
        {"mask_replace_prob", mask_replace_prob},
        {"random_replace_prob", random_replace_prob},
        {"mask_replace_prob + random_replace_prob", mask_replace_prob + random_replace_prob}};
    for (const auto& [name, value] : probabilities)
      core::check<ValueError>(value >= 0 && value <= 1, name, " is ", value, ", expected a probability");
  }
};

/// Makes MaskedLMBatches. A token's fate depends on (seed, epoch, example of the text, position) alone, or on that of
/// its word: not on the batch it comes in, nor on what was drawn before. Special tokens are never masked. A word is
/// what the pre-tokenizer made, a sign of punctuation or a Chinese character too; where it begins stands in the
/// vocabulary.
class DataCollatorForLanguageModeling {
 public:
  using Dataset = TextDataset;
  using Batch = MaskedLMBatch;

  /// Tokenizer: vocab_size(), mask_token_id(), is_special(id), continues_word(id). ValueError for probabilities that
  /// are none.
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

  /// Replaces the batch's contents by those examples of the dataset, masked.
  void collate(const TextDataset& dataset, std::span<const index_t> examples, const CollateContext& context,
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

 private:
  // The draws of one position.
  enum Draw : std::uint32_t { kIsMasked, kReplacement, kRandomWord };

  /// Draws from here on leave the token as it was.
  double keep_from() const noexcept { return options_.mask_replace_prob + options_.random_replace_prob; }

  /// Masks the batch's last sequence, which begins at first_token. (It may begin within a word, where a text is cut.)
  void mask(MaskedLMBatch& batch, index_t first_token, random::Key key, double probability) const {
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

  MaskingOptions options_;
  index_t vocab_size_;
  token_id mask_token_id_;
  std::vector<char> is_special_, shares_draw_;  // by id; the latter: is masked if the token before it is
};

}  // namespace minibert
