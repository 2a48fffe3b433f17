// A text as examples, line by line: read, tokenised on all threads, kept as one array of ids.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <minibert/core/error.hpp>
#include <minibert/core/parallel.hpp>
#include <minibert/core/random.hpp>
#include <minibert/core/types.hpp>
#include <minibert/data/sampler.hpp>
#include <minibert/io/file.hpp>
#include <minibert/io/fingerprint.hpp>

namespace minibert {

/// What appends a line's ids, [CLS] … [SEP], cut to max_length, and returns how many did not fit.
template <class T>
concept LineTokenizer = requires(const T& tokenizer, std::string_view line, std::vector<token_id>& ids) {
  { tokenizer.encode_into(line, index_t{}, ids) } -> std::convertible_to<index_t>;
};

/// The lines of a text that hold tokens, each as its ids.
class LineDataset {
 public:
  LineDataset() = default;

  /// The lines of the files, one after the other. IoError when one cannot be read; else as for from_text.
  template <LineTokenizer Tokenizer>
  static LineDataset from_files(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                                index_t max_length) {
    std::vector<MappedFile> texts;
    for (const std::filesystem::path& path : files) texts.emplace_back(path);
    std::vector<std::string_view> views;
    for (const MappedFile& text : texts) views.push_back(text.view());
    return from_texts(views, tokenizer, max_length);
  }

  /// The lines of the texts, split at \n only. Blank ones (without a token) are skipped; one of more than max_length
  /// tokens is cut, keeps its [SEP] and is counted. The same for any number of threads.
  template <LineTokenizer Tokenizer>
  static LineDataset from_texts(std::span<const std::string_view> texts, const Tokenizer& tokenizer,
                                index_t max_length) {
    check<ValueError>(max_length >= 3, "max_seq_length is ", max_length,
                      ", but [CLS], a token and [SEP] take 3 positions");
    LineDataset dataset;
    Fingerprint fingerprint;
    std::vector<std::string_view> lines;
    for (const std::string_view text : texts) {
      fingerprint.add(text);
      append_lines(text, lines);
    }
    dataset.fingerprint_ = fingerprint.hex();
    dataset.tokenize(lines, tokenizer, max_length);
    return dataset;
  }

  index_t size() const noexcept { return length(lines_); }
  bool empty() const noexcept { return lines_.empty(); }
  /// The ids of example i, [CLS] and [SEP] included.
  std::span<const token_id> ids(index_t i) const noexcept {
    return std::span(ids_).subspan(usize(at(offsets_, i)), usize(num_tokens(i)));
  }
  /// The number of example i's line in the text, from 0; a split does not change it.
  index_t line(index_t i) const noexcept { return at(lines_, i); }
  /// All ids, end to end.
  std::span<const token_id> all_ids() const noexcept { return ids_; }
  index_t num_tokens() const noexcept { return length(ids_); }
  /// Those of example i.
  index_t num_tokens(index_t i) const noexcept { return at(offsets_, i + 1) - at(offsets_, i); }

  /// How many lines of the text held no token, and how many were cut (before any split).
  index_t num_blank() const noexcept { return num_blank_; }
  index_t num_truncated() const noexcept { return num_truncated_; }
  /// The fingerprint of the text itself.
  const std::string& fingerprint() const noexcept { return fingerprint_; }

  /// Two datasets: the given percentage of the examples (at least one, and not all), chosen by the seed, for
  /// validation, and the rest for training. Both keep the order of the text.
  struct Split;
  Split split(double validation_percentage, std::uint64_t seed) const;

 private:
  /// Lines per piece of work: a thread's fetching of one must cost nothing beside it.
  static constexpr index_t kLinesPerChunk = 256;

  /// What one chunk of lines became.
  struct Chunk {
    std::vector<token_id> ids;
    std::vector<index_t> lines, ends;
    index_t num_truncated = 0;
    std::exception_ptr error;
  };

  static void append_lines(std::string_view text, std::vector<std::string_view>& lines) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      lines.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  template <LineTokenizer Tokenizer>
  void tokenize(const std::vector<std::string_view>& lines, const Tokenizer& tokenizer, index_t max_length) {
    std::vector<Chunk> chunks(usize(num_chunks(length(lines), kLinesPerChunk)));
    parallel_for(length(lines), kLinesPerChunk, [&](index_t begin, index_t end) {
      Chunk& chunk = at(chunks, begin / kLinesPerChunk);
      try {
        for (index_t i = begin; i < end; ++i) add_line(at(lines, i), i, tokenizer, max_length, chunk);
      } catch (...) {  // nothing may leave a parallel loop
        chunk.error = std::current_exception();
      }
    });
    for (const Chunk& chunk : chunks) {
      if (chunk.error) std::rethrow_exception(chunk.error);
      for (const index_t end : chunk.ends) offsets_.push_back(num_tokens() + end);
      ids_.insert(ids_.end(), chunk.ids.begin(), chunk.ids.end());
      lines_.insert(lines_.end(), chunk.lines.begin(), chunk.lines.end());
      num_truncated_ += chunk.num_truncated;
    }
    num_blank_ = length(lines) - size();
  }

  template <LineTokenizer Tokenizer>
  static void add_line(std::string_view line, index_t number, const Tokenizer& tokenizer, index_t max_length,
                       Chunk& chunk) {
    const index_t begin = length(chunk.ids);
    const index_t excess = tokenizer.encode_into(line, max_length, chunk.ids);
    if (length(chunk.ids) - begin <= 2) {  // nothing between [CLS] and [SEP]
      chunk.ids.resize(usize(begin));
      return;
    }
    chunk.num_truncated += excess > 0;
    chunk.ends.push_back(length(chunk.ids));
    chunk.lines.push_back(number);
  }

  /// The examples of those numbers, and nothing else of the text.
  LineDataset subset(std::span<const index_t> examples) const {
    LineDataset part;
    part.fingerprint_ = fingerprint_;
    part.num_blank_ = num_blank_;
    part.num_truncated_ = num_truncated_;
    for (const index_t i : examples) {
      part.ids_.insert(part.ids_.end(), ids(i).begin(), ids(i).end());
      part.offsets_.push_back(part.num_tokens());
      part.lines_.push_back(line(i));
    }
    return part;
  }

  std::vector<token_id> ids_;
  std::vector<index_t> offsets_ = {0};  // (size + 1): example i is ids_[offsets_[i] … offsets_[i + 1] − 1]
  std::vector<index_t> lines_;          // (size)
  index_t num_blank_ = 0, num_truncated_ = 0;
  std::string fingerprint_;
};

struct LineDataset::Split {
  LineDataset train, validation;
};

inline LineDataset::Split LineDataset::split(double validation_percentage, std::uint64_t seed) const {
  check<ValueError>(validation_percentage > 0 && validation_percentage < 100, "validation_split_percentage is ",
                    validation_percentage, ", expected more than 0 and less than 100");
  check<ValueError>(size() >= 2, "a text of ", size(), " lines cannot be split for validation");
  const double share = static_cast<double>(size()) * validation_percentage / 100;
  const index_t num_validation = std::clamp(static_cast<index_t>(std::llround(share)), index_t{1}, size() - 1);
  std::vector<index_t> order = random_permutation(size(), random::Key(seed).fold(random::site("validation split")));
  std::sort(order.begin(), order.begin() + num_validation);
  std::sort(order.begin() + num_validation, order.end());
  const std::span<const index_t> examples(order);
  return {.train = subset(examples.subspan(usize(num_validation))),
          .validation = subset(examples.first(usize(num_validation)))};
}

}  // namespace minibert
