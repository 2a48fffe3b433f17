// Fills a few masks before and after training, to show what the model has learned.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <minibert/minibert.hpp>

/// Lines of a dataset, each with one masked word near its middle.
class MaskSamples {
 public:
  /// Takes the first `count` lines that have 8 to 40 tokens and a word that is a single token. Masks this word. Skips a
  /// line that has more than max_length tokens after decoding and tokenizing again.
  MaskSamples(const minibert::TextDataset& dataset, const minibert::BertTokenizer& tokenizer,
              minibert::index_t max_length, std::size_t count)
      : tokenizer_(tokenizer) {
    for (minibert::index_t i = 0; i < dataset.size() && samples_.size() < count; ++i) {
      std::vector<minibert::token_id> ids = dataset.ids(i);  // [CLS] line [SEP], or a piece of concatenated lines
      ids.erase(std::find(ids.begin(), ids.end(), tokenizer.sep_token_id()), ids.end());
      const auto cannot_begin = [&](minibert::token_id id) {
        return id == tokenizer.cls_token_id() || continues_word(tokenizer.convert_ids_to_tokens(id));
      };
      ids.erase(ids.begin(), std::find_if_not(ids.begin(), ids.end(), cannot_begin));
      const minibert::index_t position = ids.size() < 8 || ids.size() > 40 ? -1 : middle_word(ids);
      if (position < 0) continue;
      const minibert::token_id answer = std::exchange(minibert::core::at(ids, position), tokenizer.mask_token_id());
      std::string text = tokenizer.decode(ids);
      std::vector<minibert::token_id> again;  // may have more ids, if a word was cut or decodes differently
      if (tokenizer.encode_into(text, max_length, again) == 0)
        samples_.push_back({std::move(text), tokenizer.convert_ids_to_tokens(answer)});
    }
  }

  bool empty() const { return samples_.empty(); }

  /// Returns the text of the first sample, or a mask alone if there are no samples.
  std::string example() const { return samples_.empty() ? tokenizer_.options().mask_token : samples_.front().text; }

  /// Returns the model's five best predictions for each mask, as lines of text.
  std::string filled_by(const minibert::BertForMaskedLM& model) const {
    std::string out;
    for (const Sample& sample : samples_) {
      out += "  " + sample.text + "\n    it was: " + sample.answer + "; guesses:";
      const auto guesses = minibert::fill_mask(model, tokenizer_, sample.text);
      for (const minibert::FillMaskPrediction& guess : guesses.front())
        out += " " + guess.token_str + " " + std::to_string(std::lround(100 * guess.score)) + " %,";
      out.back() = '\n';
    }
    return out;
  }

 private:
  struct Sample {
    std::string text, answer;
  };

  bool continues_word(const std::string& token) const {
    return token.starts_with(tokenizer_.options().continuing_subword_prefix);
  }

  /// Returns the position of the word nearest to the middle that is a single token of at least three bytes, or -1.
  minibert::index_t middle_word(const std::vector<minibert::token_id>& ids) const {
    const std::vector<std::string> tokens = tokenizer_.convert_ids_to_tokens(ids);
    const minibert::index_t n = minibert::core::length(tokens);
    const auto begins_word = [&](minibert::index_t i) {
      return i == n || !continues_word(minibert::core::at(tokens, i));
    };
    minibert::index_t best = -1;
    for (minibert::index_t i = 0; i < n; ++i)
      if (begins_word(i) && begins_word(i + 1) && minibert::core::at(tokens, i).size() > 2 &&
          !tokenizer_.is_special(minibert::core::at(ids, i)) &&
          (best < 0 || std::abs(2 * i - n) < std::abs(2 * best - n)))
        best = i;
    return best;
  }

  const minibert::BertTokenizer& tokenizer_;
  std::vector<Sample> samples_;
};
