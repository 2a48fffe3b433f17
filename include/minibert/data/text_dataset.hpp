// TextDataset: the examples of a text. The text is tokenized once. The ids are kept in memory or in a memory-mapped
// cache file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/line_tokenizer.hpp>
#include <minibert/data/text_dataset_options.hpp>

namespace minibert {

class TokenStore;

/// The examples of a text, each a sequence of ids. A copy is cheap: copies and the parts of a split share the ids.
class TextDataset {
 public:
  TextDataset() = default;

  /// Makes examples from text files, one file after the other. Reads lines, JSON lines and CSV, plain or compressed
  /// (TextStream). Otherwise works like from_texts().
  /// @throws IoError if the cache cannot be read or written; whatever TextStream and from_texts() throw
  template <LineTokenizer Tokenizer>
  static TextDataset from_files(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                                index_t max_length, const TextDatasetOptions& options = {}) {
    return make(files, data_detail::AnyLineTokenizer(tokenizer), max_length, options);
  }

  /// Makes one example from each line. \n ends a line; in a text without \n, \r does. Skips lines without tokens. Cuts
  /// a line of more than max_length tokens to max_length, but keeps its [SEP]. With options.group_texts, instead
  /// concatenates all lines, also blank ones, and cuts the result every max_length tokens. The examples are the same
  /// for any number of threads. With options.cache_dir, opens the cache file of the same text, tokenizer and settings,
  /// or writes it if there is none.
  /// @throws ValueError if max_length is below 3; FormatError if more than 1 % of the lines are not UTF-8, unless
  /// options.allow_invalid_utf8 is set; whatever the tokenizer throws
  template <LineTokenizer Tokenizer>
  static TextDataset from_texts(std::span<const std::string_view> texts, const Tokenizer& tokenizer, index_t max_length,
                                const TextDatasetOptions& options = {}) {
    return make(texts, data_detail::AnyLineTokenizer(tokenizer), max_length, options);
  }

  index_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Returns the index of example i in the whole text, from 0. In a part of a split, this index may differ from i.
  index_t number(index_t i) const noexcept;
  /// Returns the ids of example i, special tokens included.
  std::vector<token_id> ids(index_t i) const;
  /// Appends the ids of example i, special tokens included.
  void append_ids(index_t i, std::vector<token_id>& ids) const;
  /// Return the number of tokens in all examples, and in example i.
  index_t num_tokens() const noexcept { return num_tokens_; }
  index_t num_tokens(index_t i) const noexcept;

  // The following functions describe the whole text, even if this dataset is a part of a split.
  /// Return how many lines have no tokens, and how many were cut to max_length.
  index_t num_blank() const noexcept;
  index_t num_truncated() const noexcept;
  /// Returns which fraction of the text's tokens is [UNK], from 0 to 1. The [CLS] and [SEP] of each line do not count
  /// as tokens here. [UNK] stands for words that the tokenizer does not know. 0 if the tokenizer has no unk_token_id().
  double unknown_share() const noexcept;
  /// Returns a warning if more than 5 % of the text's tokens are [UNK], with possible reasons and remedies; otherwise
  /// "".
  std::string unknown_tokens_warning() const;
  /// Returns, for each text or file, how many of its lines have at least one token.
  std::vector<index_t> lines_of_texts() const;
  /// Returns the fingerprint of the text, or of the files' bytes.
  std::string fingerprint() const;

  struct Split;
  /// Splits the dataset. A percentage of the examples becomes the validation set: at least one example, and not all.
  /// The other examples become the training set. The seed determines which examples are chosen. Both sets keep the
  /// order of the text. Takes 8 bytes of memory per validation example.
  /// @throws ValueError if the percentage is not more than 0 and less than 100, if there are fewer than two examples,
  /// or if this dataset is already a part of a split
  Split split(double validation_percentage, std::uint64_t seed) const;

 private:
  /// Says which of the examples in store_ belong to the dataset: all, only those in chosen_, or all except those.
  enum class Part { all, chosen, others };

  /// Checks that there are at least two examples. @throws ValueError that says how many lines the text has
  void check_can_split() const;

  template <class Texts>
  static TextDataset make(const Texts& texts, const data_detail::AnyLineTokenizer& tokenizer, index_t max_length,
                          const TextDatasetOptions& options);

  std::shared_ptr<const TokenStore> store_;
  std::shared_ptr<const std::vector<index_t>> chosen_;  // indices in the store, ascending
  Part part_ = Part::all;
  index_t size_ = 0, num_tokens_ = 0;
};

struct TextDataset::Split {
  TextDataset train, validation;
};

}  // namespace minibert

#ifndef MINIBERT_COMPILED
#include <minibert/data/impl/text_dataset.ipp>
#endif
