// Cuts the batches of an optimizer step into passes and collates each pass.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include <minibert/core/types.hpp>
#include <minibert/train/concepts.hpp>

namespace minibert {

/// Cuts batches into passes. A pass is a group of examples that go through the model at once: a whole batch or, if the
/// batch has too many tokens, one part of it.
template <DataCollator Collator>
class PassCollator {
 public:
  using Batch = typename Collator::Batch;
  using Dataset = typename Collator::Dataset;

  /// A pass has at most max_tokens_per_pass tokens, unless a single example has more. With 0, a pass is always a whole
  /// batch. The collator and the dataset must outlive this object.
  PassCollator(const Collator& collator, const Dataset& dataset, index_t max_tokens_per_pass)
      : collator_(collator),
        dataset_(dataset),
        max_tokens_(max_tokens_per_pass > 0 ? max_tokens_per_pass : std::numeric_limits<index_t>::max()) {}

  /// Cuts the batches of a step into passes and collates each pass. `examples`: the examples of each batch. The result
  /// is valid until the next call.
  std::span<const Batch> collate(std::span<const std::span<const index_t>> examples, index_t epoch) {
    index_t row = 0;
    std::size_t count = 0;
    for (std::span<const index_t> rest : examples)
      while (!rest.empty()) {
        const auto pass = rest.first(core::usize(size_of_pass(rest)));
        rest = rest.subspan(pass.size());
        if (count == passes_.size()) passes_.emplace_back();
        collator_.collate(dataset_, pass, {.training = true, .epoch = epoch, .first_row = row}, passes_[count++]);
        row += core::length(pass);
      }
    return std::span<const Batch>(passes_).first(count);
  }

 private:
  /// Returns the number of examples in the next pass, which begins at the first of `examples`, the rest of a batch. A
  /// pass has at most max_tokens_ tokens, unless its first example has more. The passes of a batch have about equally
  /// many tokens.
  index_t size_of_pass(std::span<const index_t> examples) const {
    index_t tokens = 0;
    for (const index_t example : examples) tokens += dataset_.num_tokens(example);
    const index_t passes = std::max<index_t>(1, (tokens - 1) / max_tokens_ + 1);
    const index_t share = std::max<index_t>(1, (tokens - 1) / passes + 1);  // tokens per pass; 1 if there are no tokens
    index_t size = 0, taken = 0;
    while (size < core::length(examples) && taken < share) {
      const index_t more = dataset_.num_tokens(core::at(examples, size));
      if (size > 0 && taken + more > max_tokens_) break;
      taken += more;
      ++size;
    }
    return size;
  }

  const Collator& collator_;
  const Dataset& dataset_;
  index_t max_tokens_;
  std::vector<Batch> passes_;  // kept between calls to reuse the memory
};

}  // namespace minibert
