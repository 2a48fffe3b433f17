// TextDataset: the examples of a text. The text is tokenised once; its ids are stored in memory or in a memory-mapped
// cache file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/permutation.hpp>
#include <minibert/data/text_dataset_options.hpp>
#include <minibert/data/text_tokenizer.hpp>
#include <minibert/data/token_cache.hpp>
#include <minibert/data/token_store.hpp>
#include <minibert/data/token_store_writer.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

/// The examples of a text, each a sequence of ids. Cheap to copy: copies and the parts of a split share the stored ids.
class TextDataset {
 public:
  TextDataset() = default;

  /// Makes examples of text files, plain or compressed, one file after the other. With options.cache_dir, uses the
  /// cache file of the same text, tokenizer and settings, or writes it. Otherwise like from_texts().
  /// @throws as TextStream and from_texts(); IoError if the cache cannot be read or written
  template <LineTokenizer Tokenizer>
  static TextDataset from_files(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                                index_t max_length, const TextDatasetOptions& options = {}) {
    return make(files, tokenizer, max_length, options);
  }

  /// Makes one example of each line; lines end at \n only. Skips blank lines, which have no token. Cuts longer lines to
  /// max_length tokens, but keeps their [SEP]. With options.group_texts, concatenates all lines, also blank ones,
  /// and cuts the result every max_length tokens. The examples are the same for any number of threads.
  /// @throws ValueError if max_length is below 3; whatever the tokenizer throws
  template <LineTokenizer Tokenizer>
  static TextDataset from_texts(std::span<const std::string_view> texts, const Tokenizer& tokenizer, index_t max_length,
                                const TextDatasetOptions& options = {}) {
    return make(texts, tokenizer, max_length, options);
  }

  index_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Returns the number of example i in the whole text, from 0. A split keeps the numbers.
  index_t number(index_t i) const noexcept {
    if (part_ == Part::all) return i;
    if (part_ == Part::chosen) return core::at(*chosen_, i);
    // Finds how many chosen examples precede the i-th other one: before chosen_[j] there are chosen_[j] − j others.
    index_t first = 0, last = core::length(*chosen_);
    while (first < last) {
      const index_t j = (first + last) / 2;
      if (core::at(*chosen_, j) - j <= i)
        first = j + 1;
      else
        last = j;
    }
    return i + first;
  }
  /// Returns the ids of example i, special tokens included.
  std::vector<token_id> ids(index_t i) const {
    std::vector<token_id> ids;
    append_ids(i, ids);
    return ids;
  }
  /// Appends the ids of example i, special tokens included.
  void append_ids(index_t i, std::vector<token_id>& ids) const { store_->append_ids(number(i), ids); }
  /// Return the number of tokens of all examples, and of example i.
  index_t num_tokens() const noexcept { return num_tokens_; }
  index_t num_tokens(index_t i) const noexcept { return store_->num_tokens(number(i)); }

  // The members below describe the whole text, also for a part of a split.
  /// Return how many lines were blank, and how many were cut to max_length.
  index_t num_blank() const noexcept { return store_ ? store_->num_blank() : 0; }
  index_t num_truncated() const noexcept { return store_ ? store_->num_truncated() : 0; }
  /// Returns the number of non-blank lines of each text or file.
  std::vector<index_t> lines_of_texts() const { return store_ ? store_->lines_of_texts() : std::vector<index_t>(); }
  /// Returns the fingerprint of the text, or of the files' bytes.
  std::string fingerprint() const { return Fingerprint().add(store_ ? store_->text_fingerprint() : 0).hex(); }

  /// Splits the dataset: a percentage of the examples, at least one and not all, becomes the validation set, the rest
  /// the training set. The seed determines which. Both keep the order of the text. Takes 8 bytes per validation
  /// example.
  /// @throws ValueError if the percentage is not between 0 and 100, if there are less than two examples, or if this
  /// dataset is a part of a split
  struct Split;
  Split split(double validation_percentage, std::uint64_t seed) const;

 private:
  /// Which examples of the store the dataset has: all, those in chosen_, or all others.
  enum class Part { all, chosen, others };

  template <class Texts, LineTokenizer Tokenizer>
  static TextDataset make(const Texts& texts, const Tokenizer& tokenizer, index_t max_length,
                          const TextDatasetOptions& options) {
    core::check<ValueError>(max_length >= 3, "max_seq_length is ", max_length,
                            ", expected 3 or more: [CLS], a token and [SEP]");
    const auto key_of = [&](std::uint64_t text) {
      return Fingerprint()
          .add(MINIBERT_VERSION)
          .add(text)
          .add(tokenizer.fingerprint())
          .add(static_cast<std::uint64_t>(max_length))
          .add(std::uint64_t{options.group_texts})
          .value();
    };
    const auto key = [&] { return key_of(fingerprint_of(texts, options.progress_of("reading"))); };
    const auto write = [&](auto& sink) {
      TokenStoreWriter writer(sink, tokenizer.vocab_size(), max_length);
      TextTokenizer tokenize(tokenizer, max_length, options.group_texts, core::length(texts), writer);
      const auto add = [&](std::string_view block, index_t text) { tokenize.add_block(block, text); };
      const std::uint64_t text = for_each_block(texts, options.progress_of("tokenising"), add);
      writer.finish(key_of(text), text, tokenize.finish());
      return key_of(text);
    };
    TextDataset dataset;
    dataset.store_ = data_detail::find_or_make_token_store(options, key, write);
    dataset.size_ = dataset.store_->size();
    dataset.num_tokens_ = dataset.store_->num_tokens();
    return dataset;
  }

  std::shared_ptr<const TokenStore> store_;
  std::shared_ptr<const std::vector<index_t>> chosen_;  // ascending
  Part part_ = Part::all;
  index_t size_ = 0, num_tokens_ = 0;
};

struct TextDataset::Split {
  TextDataset train, validation;
};

inline TextDataset::Split TextDataset::split(double validation_percentage, std::uint64_t seed) const {
  core::check<ValueError>(validation_percentage > 0 && validation_percentage < 100, "validation_split_percentage is ",
                          validation_percentage, ", expected more than 0 and less than 100");
  core::check<ValueError>(size() >= 2, "the text has ", size(),
                          " examples, expected at least 2 to split off a validation set");
  core::check<ValueError>(part_ == Part::all, "the dataset is a part of a split, expected the whole text to split");
  const double share = static_cast<double>(size()) * validation_percentage / 100;
  const index_t count = std::clamp(static_cast<index_t>(std::llround(share)), index_t{1}, size() - 1);
  const RandomPermutation order(size(), random::Key(seed).fold(random::site("validation split")));
  const auto chosen = std::make_shared<std::vector<index_t>>(core::usize(count));
  for (index_t i = 0; i < count; ++i) core::at(*chosen, i) = order(i);
  std::sort(chosen->begin(), chosen->end());

  Split split{*this, *this};
  split.train.chosen_ = split.validation.chosen_ = chosen;
  split.validation.part_ = Part::chosen;
  split.validation.size_ = count;
  split.validation.num_tokens_ = 0;
  for (const index_t example : *chosen) split.validation.num_tokens_ += store_->num_tokens(example);
  split.train.part_ = Part::others;
  split.train.size_ = size() - count;
  split.train.num_tokens_ = num_tokens() - split.validation.num_tokens_;
  return split;
}

}  // namespace minibert
