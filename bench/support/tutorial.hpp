// The data of the tutorial, whose model is tutorial_config(): 10,000 lines of Sinhala news from the folder that
// MINIBERT_TEST_DATA names or, without it, lines of random ids with a similar distribution of lengths.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/random.hpp>
#include <minibert/data/collator.hpp>
#include <minibert/data/text_dataset.hpp>
#include <minibert/tokenizers/bert_tokenizer.hpp>
#include <minibert/tokenizers/word_counts.hpp>
#include <minibert/tokenizers/wordpiece_trainer.hpp>

#include "examples/tutorial_config.hpp"

namespace minibert::bench {

inline constexpr index_t kTutorialBatch = 64;
inline constexpr index_t kTutorialLines = 10000;
/// The number of batches whose steps are timed.
inline constexpr index_t kTutorialBatches = 4;

/// Replaces a tokenizer if there is no real text. Line i of the text contains only the number i. The ids of a line are
/// random, but depend only on i. The number of ids follows the distribution of the Sinhala news: log-normal, with 32.9
/// tokens on average and 68 at the 95th percentile.
class DrawnTokenizer {
 public:
  index_t encode_into(std::string_view line, index_t max_length, std::vector<token_id>& ids) const {
    const random::Key key = random::Key(7).fold(index_t{std::stol(std::string(line))});
    const auto drawn = static_cast<index_t>(std::lround(std::exp(3.355 + 0.526 * key.normal(0))));
    const index_t count = std::clamp<index_t>(drawn, 3, max_length) - 2;
    ids.push_back(2);
    for (index_t i = 0; i < count; ++i)
      ids.push_back(static_cast<token_id>(5 + key.below(vocab_size() - 5, static_cast<std::uint32_t>(i + 1))));
    ids.push_back(3);
    return std::max<index_t>(drawn - max_length, 0);
  }
  token_id mask_token_id() const { return 4; }
  bool is_special(token_id id) const { return id < 5; }
  std::uint64_t fingerprint() const { return 5; }
  bool continues_word(token_id) const { return false; }
  index_t vocab_size() const { return 2000; }
};

/// The lines of the text as ids, and the collator that masks them.
struct TutorialData {
  TextDataset lines;
  DataCollatorForLanguageModeling collator;
  std::string name;

  /// @throws IoError if the text cannot be read
  static TutorialData load() {
    const BertConfig config = tutorial_config();
    if (const char* folder = std::getenv("MINIBERT_TEST_DATA")) {
      const std::filesystem::path text = std::filesystem::path(folder) / "sinhala_news/train.txt";
      const BertTokenizerOptions options{.do_lower_case = false};
      WordCounter words(options.normalizer());
      words.add_file(text);
      const auto tokenizer = BertTokenizer::train(words.counts(), options, {.vocab_size = config.vocab_size});
      return {TextDataset::from_files({text}, tokenizer, config.max_position_embeddings),
              DataCollatorForLanguageModeling(tokenizer), "sinhala_news"};
    }
    std::string text;
    for (index_t i = 0; i < kTutorialLines; ++i) text += std::to_string(i) + "\n";
    const std::string_view views[] = {text};
    const DrawnTokenizer tokenizer;
    return {TextDataset::from_texts(views, tokenizer, config.max_position_embeddings),
            DataCollatorForLanguageModeling(tokenizer), "drawn lines"};
  }

  /// Returns the first batches, masked: batch i has lines [64·i, 64·(i + 1)) of the text.
  std::vector<MaskedLMBatch> batches() const {
    std::vector<MaskedLMBatch> batches(core::usize(kTutorialBatches));
    for (index_t i = 0; i < kTutorialBatches; ++i) {
      std::vector<index_t> examples(core::usize(kTutorialBatch));
      std::iota(examples.begin(), examples.end(), i * kTutorialBatch);
      collator.collate(lines, examples, {}, core::at(batches, i));
    }
    return batches;
  }

  /// Returns the lengths of the sequences of the first batch.
  std::vector<index_t> lengths() const {
    std::vector<index_t> lengths;
    for (index_t line = 0; line < kTutorialBatch; ++line) lengths.push_back(core::length(lines.ids(line)));
    return lengths;
  }
};

}  // namespace minibert::bench
