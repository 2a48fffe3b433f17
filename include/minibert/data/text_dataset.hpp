// A text as examples: tokenised once, kept in memory or in a file that is mapped, and seen whole or in two parts.
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

/// Examples of a text, each as its ids. A small handle: copies and parts share what they are made of.
class TextDataset {
 public:
  TextDataset() = default;

  /// The files' text, plain or compressed, one file after the other. With options.cache_dir, what was tokenised before
  /// is not tokenised again; a change of one byte of the text is. Errors as TextStream's, IoError when the cache cannot
  /// be written; else as for from_texts.
  template <LineTokenizer Tokenizer>
  static TextDataset from_files(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                                index_t max_length, const TextDatasetOptions& options = {}) {
    return make(files, tokenizer, max_length, options);
  }

  /// The lines of the texts, split at \n only. Blank ones (without a token) are skipped; one of more than max_length
  /// tokens is cut, keeps its [SEP] and is counted. Grouped, all lines are taken whole, one after the other, and cut
  /// every max_length tokens. The same for any number of threads. ValueError for a max_length below 3.
  template <LineTokenizer Tokenizer>
  static TextDataset from_texts(std::span<const std::string_view> texts, const Tokenizer& tokenizer, index_t max_length,
                                const TextDatasetOptions& options = {}) {
    return make(texts, tokenizer, max_length, options);
  }

  index_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// The number of example i in the whole text, from 0; a split does not change it.
  index_t number(index_t i) const noexcept {
    if (part_ == Part::all) return i;
    if (part_ == Part::chosen) return core::at(*chosen_, i);
    // Before a chosen example c, number j of them, stand c − j others.
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
  /// The ids of example i, [CLS] and [SEP] included.
  std::vector<token_id> ids(index_t i) const {
    std::vector<token_id> ids;
    append_ids(i, ids);
    return ids;
  }
  /// Appends them.
  void append_ids(index_t i, std::vector<token_id>& ids) const { store_->append_ids(number(i), ids); }
  /// The tokens of all examples, and of example i.
  index_t num_tokens() const noexcept { return num_tokens_; }
  index_t num_tokens(index_t i) const noexcept { return store_->num_tokens(number(i)); }

  // Of the whole text, before any split.
  /// How many lines held no token, and how many were cut.
  index_t num_blank() const noexcept { return store_ ? store_->num_blank() : 0; }
  index_t num_truncated() const noexcept { return store_ ? store_->num_truncated() : 0; }
  /// How many lines with tokens each text or file had.
  std::vector<index_t> lines_of_texts() const { return store_ ? store_->lines_of_texts() : std::vector<index_t>(); }
  /// The fingerprint of the text itself (of the files' bytes).
  std::string fingerprint() const { return Fingerprint().add(store_ ? store_->text_fingerprint() : 0).hex(); }

  /// Two datasets: the given percentage of the examples (at least one, and not all), chosen by the seed, for
  /// validation, and the rest for training. Both keep the order of the text. Takes 8 bytes for each example chosen.
  struct Split;
  Split split(double validation_percentage, std::uint64_t seed) const;

 private:
  /// Which of the store's examples these are: all, or those chosen, or all the others.
  enum class Part { all, chosen, others };

  template <class Texts, LineTokenizer Tokenizer>
  static TextDataset make(const Texts& texts, const Tokenizer& tokenizer, index_t max_length,
                          const TextDatasetOptions& options) {
    core::check<ValueError>(max_length >= 3, "max_seq_length is ", max_length,
                            ", but [CLS], a token and [SEP] take 3 positions");
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
  core::check<ValueError>(size() >= 2, "a text of ", size(), " lines cannot be split for validation");
  core::check<ValueError>(part_ == Part::all, "a part of a text cannot be split again");
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
