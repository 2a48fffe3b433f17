// A few masks, filled now and then to show what the model has learnt.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <minibert/data/line_dataset.hpp>
#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>

/// Lines of a dataset, each with one whole word in its middle masked.
class MaskSamples {
 public:
  /// The first `count` lines of moderate length that hold a whole word.
  MaskSamples(const minibert::LineDataset& dataset, const minibert::BertTokenizer& tokenizer, std::size_t count)
      : tokenizer_(tokenizer) {
    for (minibert::index_t i = 0; i < dataset.size() && samples_.size() < count; ++i) {
      const auto line = dataset.ids(i);
      if (line.size() < 10 || line.size() > 40) continue;
      Sample sample{{line.begin(), line.end()}, middle_word({line.begin(), line.end()}), 0};
      if (sample.position == 0) continue;
      sample.answer = std::exchange(minibert::at(sample.ids, sample.position), tokenizer.mask_token_id());
      samples_.push_back(std::move(sample));
    }
  }

  bool empty() const { return samples_.empty(); }
  /// The first line, its word masked.
  std::string text() const { return text_of(samples_.front()); }

  /// The model's five best guesses for each mask, as lines of text.
  std::string filled_by(minibert::BertForMaskedLM& model) const {
    const bool was_training = model.training();
    model.eval();
    minibert::Tape<float> tape(minibert::Recording::off);
    std::string out;
    for (const Sample& sample : samples_) {
      tape.reset();
      minibert::Batch batch;
      batch.append(sample.ids, 0);
      const auto logits = model.logits(tape, batch, std::array{sample.position});
      out += "  " + text_of(sample) + "\n    it was: " + token(sample.answer) +
             "; guesses:" + best_tokens(logits.data(), logits.numel()) + "\n";
    }
    model.train(was_training);
    return out;
  }

 private:
  struct Sample {
    std::vector<minibert::token_id> ids;
    minibert::index_t position;
    minibert::token_id answer;
  };

  const std::string& token(minibert::token_id id) const { return tokenizer_.convert_ids_to_tokens(id); }
  std::string text_of(const Sample& sample) const {
    return tokenizer_.decode({sample.ids.begin() + 1, sample.ids.end() - 1});
  }

  /// The position of the whole word of several bytes that is nearest to the middle; 0 when there is none.
  minibert::index_t middle_word(const std::vector<minibert::token_id>& ids) const {
    const minibert::index_t n = minibert::length(ids);
    minibert::index_t best = 0;
    const auto is_piece = [&](minibert::index_t i) { return token(minibert::at(ids, i)).starts_with("##"); };
    for (minibert::index_t i = 1; i + 1 < n; ++i)
      if (!is_piece(i) && !is_piece(i + 1) && token(minibert::at(ids, i)).size() > 2 &&
          !tokenizer_.is_special(minibert::at(ids, i)) && std::abs(2 * i - n) < std::abs(2 * best - n))
        best = i;
    return best;
  }

  std::string best_tokens(const float* logits, minibert::index_t vocab_size) const {
    std::vector<minibert::token_id> order(minibert::usize(vocab_size));
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + 5, order.end(),
                      [&](auto a, auto b) { return logits[a] > logits[b]; });
    double sum = 0;
    for (const auto id : order) sum += std::exp(static_cast<double>(logits[id] - logits[order[0]]));
    std::string text;
    for (std::size_t i = 0; i < 5; ++i) {
      const double share = std::exp(static_cast<double>(logits[order[i]] - logits[order[0]])) / sum;
      text += " " + token(order[i]) + " " + std::to_string(std::lround(100 * share)) + " %" + (i < 4 ? "," : "");
    }
    return text;
  }

  const minibert::BertTokenizer& tokenizer_;
  std::vector<Sample> samples_;
};
