#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <minibert/train/gradient_accumulator.hpp>

#include "support/number_tokenizer.hpp"
#include "support/reference.hpp"
#include "support/toy_model.hpp"

namespace {

using namespace minibert;
using testing::NumberTokenizer;
using testing::ToyModel;

LineDataset lines_of(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i % 9; ++j) text += std::to_string(5 + (7 * i + j) % 25) + " ";
    text += "\n";
  }
  return LineDataset::from_texts(std::array{std::string_view(text)}, NumberTokenizer(30), 16);
}

template <class T>
std::pair<StepResult, std::vector<T>> gradient(index_t micro_batch_size, MaskingOptions masking = {}) {
  const LineDataset dataset = lines_of(24);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), masking);
  ToyModel<T> model(30);
  GradientAccumulator<T, ToyModel<T>, DataCollatorForLanguageModeling> accumulator(model, collator, dataset,
                                                                                   micro_batch_size, 1);
  std::vector<index_t> examples(24);
  std::iota(examples.rbegin(), examples.rend(), index_t{0});
  const StepResult result = accumulator.run(examples, 0, 3);
  return {result, model.grads()};
}

TEST_CASE_TEMPLATE("k micro-batches of m give the loss and gradient of one of k·m, noise and masks included", T, float,
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
  const LineDataset dataset = lines_of(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 0});
  ToyModel<float> model(30);
  GradientAccumulator<float, ToyModel<float>, DataCollatorForLanguageModeling> accumulator(model, collator, dataset, 2,
                                                                                           1);
  const StepResult result = accumulator.run(std::vector<index_t>{0, 1, 2}, 0, 0);
  CHECK(result.loss == 0);
  CHECK(result.num_items == 0);
  CHECK(model.num_forwards == 0);
  for (const Parameter<float>* p : model.parameters()) CHECK_FALSE(p->has_grad);
}

TEST_CASE("a loss that is not finite is an error that names the step") {
  const LineDataset dataset = lines_of(4);
  const DataCollatorForLanguageModeling collator(NumberTokenizer(30), {.mlm_probability = 1});
  ToyModel<float> model(30);
  model.parameters()[0]->data[0] = std::numeric_limits<float>::quiet_NaN();
  GradientAccumulator<float, ToyModel<float>, DataCollatorForLanguageModeling> accumulator(model, collator, dataset, 2,
                                                                                           1);
  try {
    accumulator.run(std::vector<index_t>{0, 1}, 0, 41);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).starts_with("step 42: the loss is nan: lower the learning rate"));
  }
}

}  // namespace
