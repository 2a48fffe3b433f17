// The fill-mask pipeline: predicts a token for each [MASK] in a text.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>

namespace minibert {

/// A prediction for one mask, with the fields of transformers' fill-mask pipeline.
struct FillMaskPrediction {
  double score = 0;  ///< softmax probability over the vocabulary
  token_id token = 0;
  std::string token_str;
  std::string sequence;  ///< the text with `token` in place of this mask. If the text has several masks, `sequence`
                         ///< still contains the other masks and all special tokens, as in transformers
};

/// Returns the top_k predictions for each [MASK] of the text, best first. Ties are ordered by id.
/// @throws ValueError if the text has no mask or more tokens than the model has positions, or if top_k is not in
/// 1 … vocab_size
template <class T>
std::vector<std::vector<FillMaskPrediction>> fill_mask(const BasicBertForMaskedLM<T>& model,
                                                       const BertTokenizer& tokenizer, std::string_view text,
                                                       index_t top_k = 5);

/// Runs fill_mask() with a model and its tokenizer.
class FillMaskPipeline {
 public:
  FillMaskPipeline(BertForMaskedLM model, BertTokenizer tokenizer);

  /// Loads model and tokenizer from a folder in Hugging Face's format.
  /// @throws FormatError if a file is invalid; IoError if a file cannot be read
  static FillMaskPipeline from_pretrained(const std::filesystem::path& folder);

  /// Calls fill_mask() with this model and tokenizer.
  std::vector<std::vector<FillMaskPrediction>> operator()(std::string_view text, index_t top_k = 5) const;

  const BertForMaskedLM& model() const noexcept { return model_; }
  const BertTokenizer& tokenizer() const noexcept { return tokenizer_; }

 private:
  BertForMaskedLM model_;
  BertTokenizer tokenizer_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/pipelines/impl/fill_mask.ipp>
#endif
