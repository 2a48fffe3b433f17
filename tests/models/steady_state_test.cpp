#include <vector>

#include <doctest/doctest.h>

#include <minibert/models/bert_for_masked_lm.hpp>
#include <minibert/optim/adamw.hpp>
#include <minibert/optim/clip_grad.hpp>

#include "support/count_allocations.hpp"
#include "support/tiny_bert.hpp"

using namespace minibert;

TEST_CASE("once the largest batch was seen, a training step makes no heap allocation") {
  BertConfig config = testing::tiny_config();
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
  config.max_position_embeddings = 300;
  BertForMaskedLM model(config);
  optim::AdamW<float> optimizer(model.parameters(), {.lr = 1e-3});
  optim::ParameterChunks<float> parameters(model.parameters());
  Tape<float> tape;
  const auto step = [&](const MaskedLMBatch& batch) {
    tape.reset();
    model.zero_grad();
    tape.backward(model.forward(tape, batch, {.training = true}).loss);
    optim::clip_grad_norm_(parameters, 1.0);
    optimizer.step();
  };
  const MaskedLMBatch largest = testing::tiny_batch({300, 300, 300, 300, 300, 300, 300, 300, 300, 300});
  const std::vector<MaskedLMBatch> others{testing::tiny_batch({1, 2}), testing::tiny_batch({300, 299}),
                                          testing::tiny_batch({7, 7, 7, 150, 80, 3, 299, 1, 1}),
                                          testing::tiny_batch({300, 300, 300, 300, 300, 300, 300, 299})};
  step(largest);
  step(largest);  // allocates the memory of the first pass again, as one piece
  for (const MaskedLMBatch& batch : others) CHECK(testing::count_allocations([&] { step(batch); }) == 0);
  CHECK(testing::count_allocations([&] { step(largest); }) == 0);
}
