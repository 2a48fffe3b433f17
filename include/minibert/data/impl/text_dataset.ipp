// Definitions of data/text_dataset.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <minibert/core/config.hpp>
#include <minibert/core/error.hpp>
#include <minibert/core/random.hpp>
#include <minibert/data/permutation.hpp>
#include <minibert/data/text_dataset.hpp>
#include <minibert/data/text_tokenizer.hpp>
#include <minibert/data/token_cache.hpp>
#include <minibert/data/token_store.hpp>
#include <minibert/data/token_store_writer.hpp>
#include <minibert/io/fingerprint.hpp>
#include <minibert/io/text_stream.hpp>

namespace minibert {

MINIBERT_INLINE index_t TextDataset::number(index_t i) const noexcept {
  if (part_ == Part::all) return i;
  if (part_ == Part::chosen) return core::at(*chosen_, i);
  // This part has the examples that are not in chosen_. Its example i has index i + first in the store, where `first`
  // counts the chosen examples that come earlier. Finds `first` by binary search: chosen_[j] − j examples of this part
  // come before chosen_[j], so chosen_[j] comes before example i if this number is at most i.
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

MINIBERT_INLINE std::vector<token_id> TextDataset::ids(index_t i) const {
  std::vector<token_id> ids;
  append_ids(i, ids);
  return ids;
}

MINIBERT_INLINE void TextDataset::append_ids(index_t i, std::vector<token_id>& ids) const {
  store_->append_ids(number(i), ids);
}

MINIBERT_INLINE index_t TextDataset::num_tokens(index_t i) const noexcept { return store_->num_tokens(number(i)); }

MINIBERT_INLINE index_t TextDataset::num_blank() const noexcept { return store_ ? store_->num_blank() : 0; }

MINIBERT_INLINE index_t TextDataset::num_truncated() const noexcept { return store_ ? store_->num_truncated() : 0; }

MINIBERT_INLINE double TextDataset::unknown_share() const noexcept {
  if (store_ == nullptr || store_->num_text_tokens() == 0) return 0;
  return static_cast<double>(store_->num_unknown()) / static_cast<double>(store_->num_text_tokens());
}

MINIBERT_INLINE std::string TextDataset::unknown_tokens_warning() const {
  constexpr double kMany = 0.05;
  const double share = unknown_share();
  if (share <= kMany) return {};
  return core::concat(
      std::floor(1000 * share) / 10,
      " % of the tokens of the text are [UNK], words that the tokenizer does not know, and "
      "the model can learn nothing from them; use a tokenizer for this language and script, or train a vocabulary on "
      "this text; where a script has no spaces between words, as in Burmese or Thai, first put spaces between the "
      "words, "
      "because text without spaces is one word, and a word of more than 100 characters is always [UNK]");
}

MINIBERT_INLINE std::vector<index_t> TextDataset::lines_of_texts() const {
  return store_ ? store_->lines_of_texts() : std::vector<index_t>();
}

MINIBERT_INLINE std::string TextDataset::fingerprint() const {
  return Fingerprint().add(store_ ? store_->text_fingerprint() : 0).hex();
}

namespace data_detail {

/// Returns a fingerprint of the files' formats. The format follows from the file's name, so files with equal bytes but
/// other names may have other examples.
MINIBERT_INLINE std::uint64_t formats_of(const std::vector<std::filesystem::path>& files) {
  Fingerprint formats;
  for (const std::filesystem::path& file : files) formats.add(static_cast<std::uint64_t>(text_format(file)));
  return formats.value();
}

MINIBERT_INLINE std::uint64_t formats_of(std::span<const std::string_view> /*texts*/) { return 0; }

}  // namespace data_detail

template <class Texts>
TextDataset TextDataset::make(const Texts& texts, const data_detail::AnyLineTokenizer& tokenizer, index_t max_length,
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
        .add(data_detail::formats_of(texts))
        .add(options.text_column_name)
        .add(std::uint64_t{options.allow_invalid_utf8})
        .value();
  };
  const auto key = [&] { return key_of(fingerprint_of(texts, options.progress_of("reading"))); };
  const auto write = [&](const std::function<void(std::string_view)>& sink) {
    TokenStoreWriter writer(sink, tokenizer.vocab_size(), max_length);
    TextTokenizer tokenize(tokenizer, max_length, options.group_texts, core::length(texts), writer);
    const auto add = [&](std::string_view block, index_t text) { tokenize.add_block(block, text); };
    const std::uint64_t text = for_each_block(texts, options.progress_of("tokenizing"), add, options.text_options());
    writer.finish(key_of(text), text, tokenize.finish());
    return key_of(text);
  };
  TextDataset dataset;
  dataset.store_ = data_detail::find_or_make_token_store(options, key, write);
  dataset.size_ = dataset.store_->size();
  dataset.num_tokens_ = dataset.store_->num_tokens();
  return dataset;
}

#ifdef MINIBERT_COMPILED
template TextDataset TextDataset::make(const std::vector<std::filesystem::path>&, const data_detail::AnyLineTokenizer&,
                                       index_t, const TextDatasetOptions&);
template TextDataset TextDataset::make(const std::span<const std::string_view>&, const data_detail::AnyLineTokenizer&,
                                       index_t, const TextDatasetOptions&);
#endif

MINIBERT_INLINE void TextDataset::check_can_split() const {
  if (size() >= 2) return;
  const std::vector<index_t> of_texts = lines_of_texts();
  const index_t lines = std::accumulate(of_texts.begin(), of_texts.end(), index_t{0});
  const std::string found = lines == 0   ? "the text has no line with text"
                            : lines == 1 ? "the text has only one line with text"
                                         : core::concat("the ", lines, " lines of the text make only one sequence of ",
                                                        num_tokens(), " tokens");
  core::raise<ValueError>(found, ", expected at least 2 ", lines > 1 ? "sequences" : "lines",
                          " to hold out some for evaluation; give more text, ",
                          lines > 1 ? "a smaller max_seq_length, " : "",
                          "a validation file, or set validation_split_percentage to 0");
}

MINIBERT_INLINE TextDataset::Split TextDataset::split(double validation_percentage, std::uint64_t seed) const {
  core::check<ValueError>(validation_percentage > 0 && validation_percentage < 100, "validation_split_percentage is ",
                          validation_percentage, ", expected more than 0 and less than 100");
  core::check<ValueError>(part_ == Part::all,
                          "the dataset is already a part of a split; split the whole dataset instead");
  check_can_split();
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
