#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <minibert/data/collator.hpp>

#include "support/number_tokenizer.hpp"

namespace {

using minibert::CollateContext;
using minibert::DataCollatorForLanguageModeling;
using minibert::index_t;
using minibert::MaskedLMBatch;
using minibert::MaskingOptions;
using minibert::TextDataset;
using minibert::token_id;
using minibert::testing::NumberTokenizer;

constexpr index_t kVocab = 50;

/// Returns n lines of 40 tokens; every seventh token is special.
TextDataset long_lines(int n) {
  std::string text;
  for (int line = 0; line < n; ++line) {
    for (int i = 0; i < 40; ++i) text += std::to_string(i % 7 == 0 ? i % 5 : 5 + (line + i) % (int{kVocab} - 5)) + " ";
    text += "\n";
  }
  return TextDataset::from_texts(std::array{std::string_view(text)}, NumberTokenizer(kVocab), 64);
}

MaskedLMBatch collate(const DataCollatorForLanguageModeling& collator, const TextDataset& dataset,
                      const std::vector<index_t>& examples, CollateContext context = {}) {
  MaskedLMBatch batch;
  collator.collate(dataset, examples, context, batch);
  return batch;
}

std::vector<index_t> all(const TextDataset& dataset) {
  std::vector<index_t> examples(minibert::core::usize(dataset.size()));
  std::iota(examples.begin(), examples.end(), index_t{0});
  return examples;
}

DataCollatorForLanguageModeling collator_with(MaskingOptions options) {
  return DataCollatorForLanguageModeling(NumberTokenizer(kVocab), options);
}

/// Returns true if `count` successes in `of` draws with probability p are within five standard deviations of n·p.
bool close(index_t count, index_t of, double p) {
  const double n = static_cast<double>(of);
  return std::abs(static_cast<double>(count) - n * p) < 5 * std::sqrt(n * p * (1 - p));
}

TEST_CASE("a batch concatenates its sequences") {
  const std::string_view text = "5 6 7\n8\n9 10\n";
  const TextDataset dataset = TextDataset::from_texts(std::array{text}, NumberTokenizer(kVocab), 16);
  const MaskedLMBatch batch =
      collate(collator_with({.mlm_probability = 0}), dataset, {2, 0}, {.training = true, .epoch = 0, .first_row = 8});
  CHECK(batch.input_ids == std::vector<token_id>{2, 9, 10, 3, 2, 5, 6, 7, 3});
  CHECK(batch.token_type_ids == std::vector<token_id>(9, 0));
  CHECK(batch.position_ids == std::vector<token_id>{0, 1, 2, 3, 0, 1, 2, 3, 4});
  CHECK(batch.cu_seqlens == std::vector<index_t>{0, 4, 9});
  CHECK(batch.global_rows == std::vector<index_t>{8, 9});
  CHECK(batch.num_sequences() == 2);
  CHECK(batch.num_items() == 0);
}

TEST_CASE(
    "15 % of tokens are masked: 80 % by [MASK], 10 % by a random token, 10 % unchanged; labels are the originals") {
  const TextDataset dataset = long_lines(2000);
  const MaskedLMBatch batch = collate(collator_with({}), dataset, all(dataset));
  const MaskedLMBatch original = collate(collator_with({.mlm_probability = 0}), dataset, all(dataset));
  index_t candidates = 0, masks = 0, kept = 0;
  for (const token_id id : original.input_ids) candidates += id >= 5;
  std::vector<bool> is_masked(batch.input_ids.size());
  std::vector<index_t> random_words(minibert::core::usize(kVocab));
  for (index_t i = 0; i < batch.num_items(); ++i) {
    const index_t row = batch.masked_indices[minibert::core::usize(i)];
    const token_id now = minibert::core::at(batch.input_ids, row), label = minibert::core::at(batch.labels, i);
    REQUIRE(label == minibert::core::at(original.input_ids, row));
    REQUIRE(label >= 5);  // special tokens are never masked
    REQUIRE((now >= 0 && now < kVocab));
    is_masked[minibert::core::usize(row)] = true;
    if (now == 4)
      ++masks;
    else if (now == label)
      ++kept;
    else
      ++minibert::core::at(random_words, now);
  }
  for (std::size_t row = 0; row < is_masked.size(); ++row)
    if (!is_masked[row]) REQUIRE(batch.input_ids[row] == original.input_ids[row]);
  const index_t items = batch.num_items();
  CHECK(close(items, candidates, 0.15));
  CHECK(close(masks, items, 0.8 + 0.1 / kVocab));  // a random token may be [MASK]
  CHECK(close(kept, items, 0.1 + 0.1 / kVocab));   // or the original token
  for (token_id id = 0; id < kVocab; ++id)
    if (id != 4)
      CHECK(minibert::core::at(random_words, id) > 0);  // the whole vocabulary is drawn from, both ends included
}

TEST_CASE("eval_mlm_probability masks another share in evaluation, with the same random draws") {
  const TextDataset dataset = long_lines(50);
  const auto rows = [&](MaskingOptions options, bool training) {
    return collate(collator_with(options), dataset, all(dataset), {.training = training}).masked_indices;
  };
  const MaskingOptions usual{.mlm_probability = 0.15}, more{.mlm_probability = 0.3, .eval_mlm_probability = 0.15};
  CHECK(rows(more, false) == rows(usual, false));
  CHECK(rows(more, true) == rows({.mlm_probability = 0.3}, true));
  CHECK(rows(more, true).size() > rows(usual, true).size());
  CHECK(rows({.mlm_probability = 0.3}, false).size() > rows(usual, false).size());
}

TEST_CASE("mask_replace_prob and random_replace_prob take effect; values that are no probability are refused") {
  const TextDataset dataset = long_lines(20);
  const auto count = [&](MaskingOptions options, auto&& is_counted) {
    const MaskedLMBatch batch = collate(collator_with(options), dataset, all(dataset));
    index_t n = 0;
    for (index_t i = 0; i < batch.num_items(); ++i)
      n += is_counted(minibert::core::at(batch.input_ids, minibert::core::at(batch.masked_indices, i)),
                      minibert::core::at(batch.labels, i));
    return std::pair(n, batch.num_items());
  };
  const auto masks = count({.mlm_probability = 1, .mask_replace_prob = 1, .random_replace_prob = 0},
                           [](token_id now, token_id) { return now == 4; });
  CHECK((masks.first == masks.second && masks.second == 20 * 34));
  const auto kept = count({.mlm_probability = 0.5, .mask_replace_prob = 0, .random_replace_prob = 0},
                          [](token_id now, token_id label) { return now == label; });
  CHECK((kept.first == kept.second && kept.second > 0));
  CHECK_THROWS_AS(collator_with({.mlm_probability = 1.5}), minibert::ValueError);
  CHECK_THROWS_AS(collator_with({.eval_mlm_probability = -0.1}), minibert::ValueError);
  CHECK_THROWS_AS(collator_with({.mask_replace_prob = 0.8, .random_replace_prob = 0.3}), minibert::ValueError);
  CHECK_THROWS_AS(collator_with({.mlm_probability = std::nan("")}), minibert::ValueError);
}

TEST_CASE("whole_word_mask masks all tokens of a word or none, and draws the replacement of each token (80/10/10)") {
  const TextDataset dataset = long_lines(2000);
  const MaskedLMBatch original = collate(collator_with({.mlm_probability = 0}), dataset, all(dataset));
  const MaskedLMBatch batch = collate(collator_with({.whole_word_mask = true}), dataset, all(dataset));
  const MaskedLMBatch tokens = collate(collator_with({}), dataset, all(dataset));
  std::vector<bool> is_masked(batch.input_ids.size()), token_is_masked(batch.input_ids.size());
  for (const index_t row : batch.masked_indices) is_masked[minibert::core::usize(row)] = true;
  for (const index_t row : tokens.masked_indices) token_is_masked[minibert::core::usize(row)] = true;
  const NumberTokenizer tokenizer(kVocab);
  index_t words = 0, masked_words = 0, longer_words = 0, mixed = 0;
  for (index_t row = 0, first = -1; row < batch.num_tokens(); ++row) {
    const token_id id = minibert::core::at(original.input_ids, row);
    const bool masked = is_masked[minibert::core::usize(row)];
    if (tokenizer.is_special(id)) {
      REQUIRE_FALSE(masked);
      first = -1;
    } else if (first < 0 || !tokenizer.continues_word(id)) {  // a continuation after a special token is a word, too
      first = row;
      ++words;
      masked_words += masked;
      REQUIRE(masked == token_is_masked[minibert::core::usize(row)]);  // the same draw as without whole words
    } else {
      ++longer_words;
      REQUIRE(masked == is_masked[minibert::core::usize(first)]);
      mixed += masked &&
               (minibert::core::at(batch.input_ids, row) == 4) != (minibert::core::at(batch.input_ids, first) == 4);
    }
  }
  CHECK(longer_words > words / 8);
  CHECK(close(masked_words, words, 0.15));
  CHECK(mixed > 0);  // the replacement is drawn for each token of a word
  index_t masks = 0, kept = 0;
  for (index_t i = 0; i < batch.num_items(); ++i) {
    const index_t row = minibert::core::at(batch.masked_indices, i);
    REQUIRE(minibert::core::at(batch.labels, i) == minibert::core::at(original.input_ids, row));
    masks += minibert::core::at(batch.input_ids, row) == 4;
    kept += minibert::core::at(batch.input_ids, row) == minibert::core::at(batch.labels, i);
  }
  CHECK(close(masks, batch.num_items(), 0.8 + 0.1 / kVocab));
  CHECK(close(kept, batch.num_items(), 0.1 + 0.1 / kVocab));
}

TEST_CASE("the masks of an example do not depend on the batch") {
  const TextDataset dataset = long_lines(30);
  for (const bool whole_word_mask : {false, true}) {
    const DataCollatorForLanguageModeling collator = collator_with({.whole_word_mask = whole_word_mask});
    const MaskedLMBatch together = collate(collator, dataset, all(dataset), {.training = true, .epoch = 2});
    std::vector<token_id> ids, labels;
    for (index_t example = 0; example < dataset.size(); ++example) {
      const MaskedLMBatch alone = collate(collator, dataset, {example}, {.training = true, .epoch = 2, .first_row = 9});
      ids.insert(ids.end(), alone.input_ids.begin(), alone.input_ids.end());
      labels.insert(labels.end(), alone.labels.begin(), alone.labels.end());
    }
    CHECK(ids == together.input_ids);
    CHECK(labels == together.labels);
  }
}

TEST_CASE("masks change with seed and epoch in training, and never in evaluation") {
  const TextDataset dataset = long_lines(30);
  const auto masked = [&](std::uint64_t seed, CollateContext context) {
    return collate(collator_with({.seed = seed}), dataset, all(dataset), context).masked_indices;
  };
  CHECK(masked(1, {.epoch = 1}) == masked(1, {.epoch = 1}));
  CHECK(masked(1, {.epoch = 1}) != masked(1, {.epoch = 2}));
  CHECK(masked(1, {.epoch = 1}) != masked(2, {.epoch = 1}));
  CHECK(masked(1, {.training = false, .epoch = 1}) == masked(1, {.training = false, .epoch = 2}));
  CHECK(masked(1, {.training = false}) != masked(1, {.training = true}));
}

TEST_CASE("refilling a batch allocates no memory") {
  const TextDataset dataset = long_lines(30);
  const DataCollatorForLanguageModeling collator = collator_with({});
  MaskedLMBatch batch;
  collator.collate(dataset, all(dataset), {}, batch);
  const token_id* memory = batch.input_ids.data();
  collator.collate(dataset, std::vector<index_t>{3, 4}, {}, batch);
  CHECK(batch.num_sequences() == 2);
  CHECK(batch.input_ids.data() == memory);
  CHECK(batch.num_items() == collate(collator, dataset, {3, 4}).num_items());
}

}  // namespace
