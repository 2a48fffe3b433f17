#include <minibert/train/pass_collator.hpp>

#include <span>
#include <vector>

#include <doctest/doctest.h>

using namespace minibert;

namespace {

struct Lengths {
  std::vector<index_t> of;
  index_t size() const { return core::length(of); }
  index_t num_tokens(index_t example) const { return core::at(of, example); }
};

/// A collator whose batches only contain the indices of their examples.
struct Numbers {
  using Dataset = Lengths;
  struct Batch {
    std::vector<index_t> examples;
    index_t num_items() const { return 0; }
    index_t num_tokens() const { return 0; }
    index_t num_sequences() const { return core::length(examples); }
  };
  void collate(const Lengths&, std::span<const index_t> examples, const CollateContext&, Batch& batch) const {
    batch.examples.assign(examples.begin(), examples.end());
  }
};

std::vector<std::vector<index_t>> passes(const Lengths& lengths, index_t max_tokens_per_pass) {
  std::vector<index_t> all;
  for (index_t i = 0; i < lengths.size(); ++i) all.push_back(i);
  const Numbers collator;
  PassCollator collate(collator, lengths, max_tokens_per_pass);
  const std::span<const index_t> batch(all);
  std::vector<std::vector<index_t>> found;
  for (const Numbers::Batch& pass : collate.collate({&batch, 1}, 0)) found.push_back(pass.examples);
  return found;
}

using Groups = std::vector<std::vector<index_t>>;

}  // namespace

TEST_CASE("passes have about equally many tokens, at most max_tokens_per_pass") {
  CHECK(passes({{3, 3, 3, 3}}, 0) == Groups{{0, 1, 2, 3}});
  CHECK(passes({{3, 3, 3, 3}}, 9) == Groups{{0, 1}, {2, 3}});
  CHECK(passes({{20, 3, 3}}, 9) == Groups{{0}, {1, 2}});
}

TEST_CASE("examples without tokens go through") {
  for (const index_t most : {0, 1, 9}) CHECK(passes({{0, 0}}, most) == Groups{{0, 1}});
  CHECK(passes({{0, 5, 0, 0}}, 5) == Groups{{0, 1}, {2, 3}});
}
