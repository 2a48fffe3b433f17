#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <minibert/train/gradient_accumulator.hpp>

#include "support/number_lines.hpp"
#include "support/reference.hpp"
#include "support/toy_model.hpp"

namespace {

using namespace minibert;
using testing::in_batches;
using testing::number_lines;
using testing::NumberTokenizer;
using testing::ToyModel;

using Accumulator = GradientAccumulator<float, ToyModel<float>, DataCollatorForLanguageModeling>;

template <class T>
std::pair<StepResult, std::vector<T>> gradient(index_t batch_size, MaskingOptions masking = {}) {
  const LineDataset dataset = number_lines(24);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), masking);
  ToyModel<T> model(30);
  GradientAccumulator<T, ToyModel<T>, DataCollatorForLanguageModeling> accumulator(model, collator, dataset, 1);
  std::vector<index_t> examples(24);
  std::iota(examples.rbegin(), examples.rend(), index_t{0});
  const StepResult result = accumulator.run(in_batches(examples, batch_size), 0, 3);
  return {result, model.grads()};
}

TEST_CASE_TEMPLATE("k batches of m give the loss and gradient of one of k·m, noise and masks included", T, float,
                   double) {
  const auto [whole, whole_gradient] = gradient<T>(24);
  REQUIRE(whole.num_items > 5);
  CHECK(whole.num_examples == 24);
  for (const index_t size : {1, 4, 7, 100}) {
    const auto [parts, parts_gradient] = gradient<T>(size);
    const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
    CHECK(parts.loss == doctest::Approx(whole.loss).epsilon(tolerance));
    CHECK(parts.num_items == whole.num_items);
    CHECK(parts.num_tokens == whole.num_tokens);
    CHECK(reference::relative_error(parts_gradient, whole_gradient) < tolerance);
  }
}

TEST_CASE("a step in which nothing is masked has loss 0 and no gradient") {
  const LineDataset dataset = number_lines(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 0});
  ToyModel<float> model(30);
  Accumulator accumulator(model, collator, dataset, 1);
  const std::vector<index_t> examples = {0, 1, 2};
  const StepResult result = accumulator.run(in_batches(examples, 2), 0, 0);
  CHECK(result.loss == 0);
  CHECK(result.num_items == 0);
  CHECK(model.num_forwards == 0);
  for (const Parameter<float>* p : model.parameters()) CHECK_FALSE(p->has_grad);
}

TEST_CASE("a loss that is not finite is an error that names the step") {
  const LineDataset dataset = number_lines(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 1});
  ToyModel<float> model(30);
  model.parameters()[0]->data[0] = std::numeric_limits<float>::quiet_NaN();
  Accumulator accumulator(model, collator, dataset, 1);
  const std::vector<index_t> examples = {0, 1, 2};
  try {
    accumulator.run(in_batches(examples, 2), 0, 41);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).starts_with("step 42: the loss is nan: lower the learning rate"));
  }
}

}  // namespace
