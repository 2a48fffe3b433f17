// The fill-mask pipeline: predicts the tokens behind the [MASK]s of a text.
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
  std::string sequence;  ///< the text with this mask filled in. If the text has several masks, the others remain, and
                         ///< so do special tokens, as in transformers
};

/// Returns the top_k predictions for each [MASK] of the text, best first. Ties are ordered by id.
/// @throws ValueError if the text has no mask, is longer than the model's positions, or top_k is not 1 to vocab_size
template <class T>
std::vector<std::vector<FillMaskPrediction>> fill_mask(const BasicBertForMaskedLM<T>& model,
                                                       const BertTokenizer& tokenizer, std::string_view text,
                                                       index_t top_k = 5);

/// A model together with its tokenizer.
class FillMaskPipeline {
 public:
  FillMaskPipeline(BertForMaskedLM model, BertTokenizer tokenizer);

  /// Loads model and tokenizer from a folder in Hugging Face's format. @throws FormatError, IoError
  static FillMaskPipeline from_pretrained(const std::filesystem::path& folder);

  /// Returns fill_mask() for this model and tokenizer.
  std::vector<std::vector<FillMaskPrediction>> operator()(std::string_view text, index_t top_k = 5) const;

 private:
  BertForMaskedLM model_;
  BertTokenizer tokenizer_;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/pipelines/impl/fill_mask.ipp>
#endif
