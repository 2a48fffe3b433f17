// Datasets of numbers for the tests of training.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <minibert/data/text_dataset.hpp>

#include "support/number_tokenizer.hpp"

namespace minibert::testing {

/// Returns n lines of 1 to 9 numbers from 5 to 29, each between [CLS] and [SEP].
inline TextDataset number_lines(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i % 9; ++j) text += std::to_string(5 + (7 * i + j) % 25) + " ";
    text += "\n";
  }
  return TextDataset::from_texts(std::array{std::string_view(text)}, NumberTokenizer(30), 16);
}

/// Splits the examples into batches of `size`; the last may be smaller.
inline std::vector<std::span<const index_t>> in_batches(std::span<const index_t> examples, index_t size) {
  std::vector<std::span<const index_t>> batches;
  for (index_t begin = 0; begin < core::length(examples); begin += size)
    batches.push_back(
        examples.subspan(core::usize(begin), core::usize(std::min(size, core::length(examples) - begin))));
  return batches;
}

}  // namespace minibert::testing
