#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <minibert/train/gradient_accumulator.hpp>
#include <minibert/train/pass_collator.hpp>

#include "support/number_lines.hpp"
#include "support/reference.hpp"
#include "support/toy_model.hpp"

namespace {

using namespace minibert;
using testing::in_batches;
using testing::number_lines;
using testing::NumberTokenizer;
using testing::ToyModel;

/// The results of a step on 24 lines.
template <class T>
struct Outcome {
  StepResult result;
  std::vector<T> gradient;
  std::vector<index_t> tokens_of_passes;
};

template <class T>
Outcome<T> outcome(index_t batch_size, index_t max_tokens_per_pass = 0, double mlm_probability = 0.15) {
  const TextDataset dataset = number_lines(24);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = mlm_probability});
  ToyModel<T> model(30);
  PassCollator passes(collator, dataset, max_tokens_per_pass);
  Tape<T> tape;
  std::vector<index_t> examples(24);
  std::iota(examples.rbegin(), examples.rend(), index_t{0});
  const StepResult result =
      accumulate_gradients(model, tape, passes.collate(in_batches(examples, batch_size), 0), 1, 3);
  return {result, model.grads(), model.tokens_of_passes};
}

/// Checks that two outcomes of the same step, computed in different ways, are equal up to rounding.
template <class T>
void check_same(const Outcome<T>& found, const Outcome<T>& expected) {
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
  CHECK(found.result.loss == doctest::Approx(expected.result.loss).epsilon(tolerance));
  CHECK(found.result.num_items == expected.result.num_items);
  CHECK(found.result.num_tokens == expected.result.num_tokens);
  CHECK(found.result.num_examples == expected.result.num_examples);
  CHECK(reference::relative_error(found.gradient, expected.gradient) < tolerance);
}

TEST_CASE_TEMPLATE("k batches of m examples give the loss and gradient of one batch of k·m, including noise and masks",
                   T, float, double) {
  const Outcome<T> whole = outcome<T>(24);
  REQUIRE(whole.result.num_items > 5);
  CHECK(whole.result.num_examples == 24);
  CHECK(*std::max_element(whole.gradient.begin(), whole.gradient.end()) > 0.01);
  for (const index_t size : {1, 4, 7, 100}) check_same(outcome<T>(size), whole);
}

TEST_CASE_TEMPLATE("max_tokens_per_pass cuts a batch into passes of similar size, with the same results", T, float,
                   double) {
  const Outcome<T> whole = outcome<T>(24);
  const index_t tokens = whole.result.num_tokens;
  REQUIRE(tokens > 150);
  CHECK(whole.tokens_of_passes == std::vector<index_t>{tokens});
  CHECK(outcome<T>(24, tokens).tokens_of_passes == std::vector<index_t>{tokens});
  for (const index_t limit : {tokens - 1, tokens / 3, index_t{20}}) {
    const Outcome<T> passes = outcome<T>(24, limit);
    check_same(passes, whole);
    for (const index_t pass : passes.tokens_of_passes) CHECK(pass <= limit);
  }
  const std::vector<index_t> halves = outcome<T>(24, tokens - 1).tokens_of_passes;
  REQUIRE(halves.size() == 2);
  CHECK(std::abs(halves[0] - tokens / 2) <= 11);              // the longest line has 11 tokens
  CHECK(outcome<T>(24, 1, 1).tokens_of_passes.size() == 24);  // a line is never cut
}

TEST_CASE("a step without a masked token has loss 0 and no gradient") {
  const TextDataset dataset = number_lines(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 0});
  ToyModel<float> model(30);
  PassCollator passes(collator, dataset, 0);
  Tape<float> tape;
  const std::vector<index_t> examples = {0, 1, 2};
  const StepResult result = accumulate_gradients(model, tape, passes.collate(in_batches(examples, 2), 0), 1, 0);
  CHECK(result.loss == 0);
  CHECK(result.num_items == 0);
  CHECK(model.tokens_of_passes.empty());
  for (const Parameter<float>* p : model.parameters()) CHECK_FALSE(p->has_grad);
}

TEST_CASE("a loss that is not finite is an error that names the step") {
  const TextDataset dataset = number_lines(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 1});
  ToyModel<float> model(30);
  model.parameters()[0]->data[0] = std::numeric_limits<float>::quiet_NaN();
  PassCollator passes(collator, dataset, 0);
  Tape<float> tape;
  const std::vector<index_t> examples = {0, 1, 2};
  try {
    accumulate_gradients(model, tape, passes.collate(in_batches(examples, 2), 0), 1, 41);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) ==
          "step 42: the loss is nan, expected a finite number (parameter out.bias has nan at element 0 of shape (1))");
  }
}

}  // namespace
